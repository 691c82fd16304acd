"""Run a recorded run again and compare the two to the bit, or name what differs."""

from likeness.runs.reproduce.verdict import Outcome, Verdict, reproduce

__all__ = ["Outcome", "Verdict", "reproduce"]
