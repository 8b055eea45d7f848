"""The life of one passage, pure: from the first face or card to the door closed behind somebody."""

from gate.passage.state import Context, Lane, Now, Passage
from gate.passage.step import step

__all__ = ["Context", "Lane", "Now", "Passage", "step"]
