"""Objects that live as long as the program, kept out of the garbage collector's sight.

The collector walks every object for each full collection. A desk with 7,000 people has 450,000,
nearly all of them for good, and the walk stops every thread for 0.13 to 0.16 s, which is then the
slowest of twenty requests. Those that are there for good are walked over once, here.
"""

from __future__ import annotations

import gc


def settle() -> None:
    """Collect, and leave what is left out of later collections. Takes as long as one of them.

    Called again it looks at everything again, so nothing that became garbage stays for good.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def thaw() -> None:
    """Undo ``settle``: everything is looked at again by the next full collection."""
    gc.unfreeze()
