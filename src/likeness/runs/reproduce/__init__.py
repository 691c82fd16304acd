"""Run a recorded run again and prove it equal, or name what differs."""

from likeness.runs.reproduce.verdict import Judgement, Verdict, reproduce

__all__ = ["Judgement", "Verdict", "reproduce"]
