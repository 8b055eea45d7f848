"""The life of one passage, pure: from the first face or card to the door closed behind somebody.

Units:
    now, at, began, served, ready, decided, again_from, opened, closed: monotonic seconds
    recent, wary, attacks, doubts: monotonic seconds
"""

from gate.passage.state import Context, Lane, Now, Passage
from gate.passage.step import step

__all__ = ["Context", "Lane", "Now", "Passage", "step"]
