"""Runs about encodings and what judges them: what they read, train and measure."""
