"""What the demonstration says of liveness: which networks are asked, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

from gate.texts.catalogue import Translate

# a network alone, in the whole gate, before a webcam (docs/liveness.md): passages of people let in
# by their face, passages, prints let in, prints
MEASURED = {"faceplugin-liveness": (34, 34, 0, 63)}


def named(networks: Sequence[str], _: Translate) -> str:
    """The networks for a table; with one or none, what that means for residents."""
    if not networks:
        return _("no network: a face alone opens nothing, a card is asked for")
    if len(networks) == 1:
        only = networks[0]
        return _("one network only, {name}: where it is not sure, a card is asked for", name=only)
    return ", ".join(networks)


def before(networks: Sequence[str], _: Translate) -> str:
    """What to expect of a run with these networks; "" with several."""
    if not networks:
        return _(
            "No liveness network is installed: a face alone opens nothing, so residents are asked "
            "for their card. `gate models fetch` installs networks."
        )
    if len(networks) == 1:
        return _(
            "Only one liveness network is installed, {name}: where it is not sure that a face is "
            "live, a card is asked for. `gate models fetch` installs the others.",
            name=networks[0],
        )
    return ""


def after(asked: int, networks: Sequence[str], _: Translate) -> list[str]:
    """Why residents who were recognised needed their card; empty if not for want of networks.

    ``asked``: how many, because nothing showed that they are live.
    """
    if not asked or len(networks) > 1:
        return []
    if not networks:
        why = _(
            "{count} residents were recognised and asked for their card: without a liveness "
            "network a face alone opens nothing. `gate models fetch` installs networks.",
            count=asked,
        )
        return [why]
    only = networks[0]
    why = _(
        "{count} residents were recognised and asked for their card: one liveness network only, "
        "{name}, and it was not sure that they are live. The recordings are drawn from still "
        "photographs, and it takes them for what they are. `gate models fetch` installs the other "
        "networks where their publishers can be reached.",
        count=asked,
        name=only,
    )
    if only not in MEASURED:
        return [why]
    passed, came, opened, prints = MEASURED[only]
    real = _(
        "Before a real webcam it let people in by their face in {passed} of {came} passages, and "
        "{opened} of {prints} prints of them (docs/liveness.md).",
        passed=passed,
        came=came,
        opened=opened,
        prints=prints,
    )
    return [why, real]
