"""Runs that train the pixels of a picture: what they read, train and leave."""
