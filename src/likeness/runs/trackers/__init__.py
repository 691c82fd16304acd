"""Trackers beside `metrics.csv`, such as W&B and Trackio, each a process of its own that follows a run."""

from likeness.runs.trackers.installed import refuse_missing
from likeness.runs.trackers.processes import tracked

__all__ = ["refuse_missing", "tracked"]
