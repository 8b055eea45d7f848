"""Card numbers as the bits a controller expects: 26, 34 and 37 bits with parity, or a free layout.

Pure. A layout is one character a bit, first sent first: ``F`` facility, ``N`` number, ``0`` and
``1`` constants, ``P`` a parity bit; ``parity`` says of each ``P`` in turn what it makes even or odd
and over which bits, counted from 0. The named formats are those of HID's published descriptions:
H10301, H10306, H10302 (no facility) and H10304.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gate.errors import ConfigurationError

_PARITY = re.compile(r"(even|odd) ([0-9]+)-([0-9]+)")
MOST = 128  # bits of one card, far more than any format has


@dataclass(frozen=True, slots=True)
class CardFormat:
    """A layout and its parity rules; made by ``parse``."""

    layout: str
    parity: tuple[tuple[bool, int, int], ...]  # odd, from, to (both included)

    @property
    def facility_bits(self) -> int:
        return self.layout.count("F")

    @property
    def number_bits(self) -> int:
        return self.layout.count("N")


NAMED: dict[str, tuple[str, tuple[str, ...]]] = {
    "wiegand-26": ("P" + "F" * 8 + "N" * 16 + "P", ("even 1-12", "odd 13-24")),
    "wiegand-34": ("P" + "F" * 16 + "N" * 16 + "P", ("even 1-16", "odd 17-32")),
    "wiegand-37": ("P" + "N" * 35 + "P", ("even 1-18", "odd 18-35")),
    "wiegand-37-facility": ("P" + "F" * 16 + "N" * 19 + "P", ("even 1-18", "odd 18-35")),
}


def parse(layout: str, parity: tuple[str, ...] = ()) -> CardFormat:
    """A format by name or by layout. Raises ConfigurationError with what is wrong."""
    if layout in NAMED and not parity:
        layout, parity = NAMED[layout]
    if not re.fullmatch(r"[FNP01]+", layout) or "N" not in layout or len(layout) > MOST:
        raise _wrong(f"no layout of a card: {layout[:40]}")
    if layout.count("P") != len(parity):
        raise _wrong(f"{layout.count('P')} parity bits and {len(parity)} rules")
    rules = []
    for rule in parity:
        found = _PARITY.fullmatch(rule)
        if found is None or not int(found[2]) <= int(found[3]) < len(layout):
            raise _wrong(f"no rule of parity: {rule[:40]}")
        rules.append((found[1] == "odd", int(found[2]), int(found[3])))
    return CardFormat(layout, tuple(rules))


def encode(form: CardFormat, number: int, facility: int = 0) -> tuple[int, ...] | None:
    """The bits, first sent first; None when number or facility does not fit into the format.

    Zero and all ones are no numbers: readers send them by themselves.
    """
    if not 0 < number < (1 << form.number_bits) - 1 or not 0 <= facility < 1 << form.facility_bits:
        return None
    bits = []
    left = {"F": form.facility_bits, "N": form.number_bits}
    value = {"F": facility, "N": number}
    for place in form.layout:
        if place in left:
            left[place] -= 1
            bits.append(value[place] >> left[place] & 1)
        else:
            bits.append(1 if place == "1" else 0)
    places = [at for at, place in enumerate(form.layout) if place == "P"]
    for at, (odd, first, last) in zip(places, form.parity, strict=True):
        covered = [bits[i] for i in range(first, last + 1) if i != at]
        bits[at] = (sum(covered) + odd) % 2
    return tuple(bits)


def _wrong(what: str) -> ConfigurationError:
    return ConfigurationError(
        what,
        where="[reader_out] format, parity",
        hint=f"one of {', '.join(NAMED)}, or a layout of F, N, P, 0 and 1 with a rule for each P",
    )
