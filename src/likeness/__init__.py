"""Likeness: reproducible training experiments on learned likeness."""
