"""The schema of every part of a configuration."""
