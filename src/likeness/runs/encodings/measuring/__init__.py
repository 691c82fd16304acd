"""Measuring: encoders on people never trained on, and what a run leaves of it."""
