"""Detectors of faces: what a run reads, builds, trains and measures."""
