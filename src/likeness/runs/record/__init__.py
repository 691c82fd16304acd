"""The record of a run: what ran, on what, from which source, and how it ended."""
