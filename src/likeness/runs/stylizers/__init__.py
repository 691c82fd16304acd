"""Runs that train a network which paints pictures in one pass: what they read, train and leave."""
