"""Runs that train the pixels of a picture, or a network that paints pictures: what they read, train and leave."""
