"""The life of one passage, pure: from the first face or card to the door closed behind somebody."""

from gate.passage.state import House, Lane, Now, Passage
from gate.passage.step import step

__all__ = ["House", "Lane", "Now", "Passage", "step"]
