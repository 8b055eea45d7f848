"""Who is enrolled, who comes, who is an impostor: the protocols as plain values.

ISO/IEC 19795-1: a *mated* search is by somebody enrolled, a *non-mated* one by an impostor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Rows = tuple[int, ...]  # numbers of photographs that are taken together
Entry = tuple[str, Rows]  # a person and their photographs


@dataclass(frozen=True, slots=True)
class Trial:
    """One experiment.

    Attributes:
        name: "b", "c", "d", "e" or "e+".
        title: what it is.
        gallery: the templates of each enrolled person.
        genuine: probes of enrolled people.
        impostors: probes of people who are not enrolled.
    """

    name: str
    title: str
    gallery: tuple[Entry, ...]
    genuine: tuple[Entry, ...]
    impostors: tuple[Entry, ...]

    def restricted(self, keep: Callable[[str], bool]) -> Trial:
        """The same for some of the people only, gallery included."""

        def some(entries: Sequence[Entry]) -> tuple[Entry, ...]:
            return tuple(entry for entry in entries if keep(entry[0]))

        parts = (some(self.gallery), some(self.genuine), some(self.impostors))
        return Trial(self.name, self.title, *parts)


def half(person: str) -> str:
    """ "choose" or "report": a person is always on the same side."""
    return ("choose", "report")[hashlib.sha256(b"half " + person.encode()).digest()[0] & 1]


def by_person(people: Sequence[str], rows: Iterable[int]) -> dict[str, list[int]]:
    """Rows of each person, people and rows in the order given."""
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(people[row], []).append(row)
    return found


def open_set(people: dict[str, list[int]]) -> Trial:
    """(b) One template and one probe; people with a single photograph are the impostors."""
    several = {person: rows for person, rows in people.items() if len(rows) > 1}
    return Trial(
        "b",
        "one template, one probe",
        tuple((person, (rows[0],)) for person, rows in several.items()),
        tuple((person, (row,)) for person, rows in several.items() for row in rows[1:]),
        tuple((person, (rows[0],)) for person, rows in people.items() if len(rows) == 1),
    )


def at_a_gate(people: dict[str, list[int]], burst: int) -> Trial:
    """(c) and (d) Up to five templates, probes of ``burst`` different photographs.

    People with ten or more are the genuine ones, everybody with fewer than five is enrolled with
    what there is, people with five to nine are the impostors.
    """
    gallery: list[Entry] = []
    genuine: list[Entry] = []
    impostors: list[Entry] = []
    for person, rows in people.items():
        if len(rows) >= 10:
            gallery.append((person, tuple(rows[:5])))
            genuine += [(person, part) for part in bursts(rows[5:], burst)]
        elif len(rows) < 5:
            gallery.append((person, tuple(rows)))
        else:
            impostors += [(person, part) for part in bursts(rows, burst)]
    name, what = ("d", "one probe") if burst == 1 else ("c", f"bursts of {burst}")
    title = f"five templates, {what}"
    return Trial(name, title, tuple(gallery), tuple(genuine), tuple(impostors))


def one_group(
    named: dict[str, list[int]], numbered: dict[str, list[int]], *, pairs: bool = False
) -> Trial:
    """(e) A gate whose residents all belong to one group.

    Enrolled are all named people with up to five photographs, one less than they have so that
    one is left to come with, and the even of the numbered people with one; the odd are impostors.

    Args:
        named: people of the group with names.
        numbered: people "#0", "#1", … without.
        pairs: the further photographs of enrolled numbered people come too.
    """
    gallery: list[Entry] = []
    genuine: list[Entry] = []
    impostors: list[Entry] = []
    for person, rows in named.items():
        kept = min(5, max(1, len(rows) - 1))
        gallery.append((person, tuple(rows[:kept])))
        genuine += [(person, (row,)) for row in rows[kept:]]
    for person, rows in numbered.items():
        if int(person.lstrip("#").split("_")[0]) % 2:
            impostors.append((person, (rows[0],)))
        else:
            gallery.append((person, (rows[0],)))
            genuine += [(person, (row,)) for row in rows[1:] if pairs]
    name, title = ("e+", "one group, pairs too") if pairs else ("e", "all of one group")
    return Trial(name, title, tuple(gallery), tuple(genuine), tuple(impostors))


def bursts(rows: Sequence[int], size: int) -> list[Rows]:
    """The rows in their order, so many at a time; what is left over does not count."""
    return [tuple(rows[at : at + size]) for at in range(0, len(rows) - size + 1, size)]
