"""All protocols for one encoder: trials in, figures out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gate.evaluation import baselines as ways
from gate.evaluation import protocols
from gate.evaluation.growth import fnir_when
from gate.evaluation.metrics import FPIRS, Outcome, Rate, fnir, rank_one, share_above
from gate.evaluation.protocols import Trial
from gate.recognition.face import Vector

ASKED = (0.01, 0.003)
GROWN = 7000
_FEWEST = 5  # people of a group below which it gets no row


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One trial, one way of scoring, one group, one part of the people.

    Attributes:
        fnir, fnir_people: FNIR and interval by FPIR, both shares 0..1; probes weighted equally, and
            people weighted equally.
        rank_one: share found at rank 1, people weighted equally.
        out: FPIR that came out, by the FPIR asked for, both shares 0..1; empty for ways without
            calibration.
        grown: FNIR by FPIR, both shares 0..1, estimated with ``GROWN`` people enrolled, people
            weighted equally.
        misses: worst confusions: impostor, who they were mistaken for, score (dimensionless).
    """

    trial: str
    title: str
    way: str
    group: str
    part: str
    enrolled: int
    probes: int
    people: int
    impostors: int
    fnir: dict[float, Rate]
    fnir_people: dict[float, Rate]
    rank_one: float
    out: dict[float, Rate] = field(default_factory=dict)
    grown: dict[float, Rate] = field(default_factory=dict)
    misses: tuple[tuple[str, str, float], ...] = ()
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class People:
    """Attributes:
    labels: the person of each row.
    groups: names of people by group.
    one_group: the group that protocol (e) is about; "" leaves (e) out.
    numbered: rows of people without names.
    stranger_groups: impostors who are also looked at apart, against all genuine people.
    """

    labels: tuple[str, ...]
    groups: dict[str, frozenset[str]]
    one_group: str = ""
    numbered: tuple[int, ...] = ()
    impostor_groups: dict[str, frozenset[str]] = field(default_factory=dict)


def trials(people: People, found: Sequence[bool], which: str = "bcde") -> list[Trial]:
    """The trials of photographs on which a face was found."""
    numbered = set(people.numbered)
    usable = [row for row in range(len(people.labels)) if found[row]]
    named = protocols.by_person(people.labels, (row for row in usable if row not in numbered))
    result = []
    if "b" in which:
        result.append(protocols.open_set(named))
    if "c" in which:
        result.append(protocols.at_a_gate(named, 5))
    if "d" in which:
        result.append(protocols.at_a_gate(named, 1))
    if "e" in which and people.one_group:
        members = people.groups[people.one_group]
        group = {person: rows for person, rows in named.items() if person in members}
        others = protocols.by_person(people.labels, (row for row in usable if row in numbered))
        named_too = {p: rows for p, rows in others.items() if not p.startswith("#")}
        for person, rows in named_too.items():
            group[person] = group.get(person, []) + rows
            del others[person]
        result.append(protocols.one_group(group, others))
        result.append(protocols.one_group(group, others, pairs=True))
    return [trial for trial in result if trial.genuine and trial.impostors]


def with_merges(trial: Trial) -> Trial:
    """The same trial under a title that says that people who appear twice were made one."""
    return replace(trial, name=trial.name + " merged", title=trial.title + ", repeats merged")


def rows_of(vectors: Vector, trial: Trial, encoder: str, people: People, *, way: str) -> list[Row]:
    """The figures of one trial: everybody, each half of the people, each group.

    Args:
        vectors: float32 (photographs, d), unit rows.
    """
    result = []
    for part in ("all", "choose", "report"):
        kept = trial if part == "all" else trial.restricted(lambda p: protocols.half(p) == part)  # noqa: B023
        if len(kept.genuine) < _FEWEST or len(kept.impostors) < _FEWEST:
            continue
        outcome, thresholds = _score(vectors, kept, encoder, way)
        result.append(_row(kept, outcome, thresholds, way, "everybody", part))
        for group, members in people.groups.items():
            if part == "all" and not trial.name.startswith("e"):
                some = _some(outcome, members)
                if len(set(some.mate_people)) >= _FEWEST and len(set(some.other_people)) >= _FEWEST:
                    result.append(_row(kept, some, thresholds, way, group, part))
        for group, members in people.impostor_groups.items():
            if part == "all":
                some = replace(_some(outcome, members), mates=outcome.mates)
                some = replace(some, mate_people=outcome.mate_people)
                if len(some.other_people) >= _FEWEST:
                    result.append(_row(kept, some, thresholds, way, group, part))
    return result


def _score(
    vectors: Vector, trial: Trial, encoder: str, way: str
) -> tuple[Outcome, dict[float, float]]:
    if way == "site":
        outcome, thresholds, _ = ways.site(vectors, trial, encoder, ASKED)
        return outcome, thresholds
    score = ways.usual if way == "usual" else ways.plain
    return score(vectors, trial, encoder), {}


def _row(
    trial: Trial,
    outcome: Outcome,
    thresholds: dict[float, float],
    way: str,
    group: str,
    part: str,
) -> Row:
    worst = np.argsort(-outcome.others)[:20]
    return Row(
        trial.name,
        trial.title,
        way,
        group,
        part,
        len(trial.gallery),
        len(outcome.mates),
        len(set(outcome.mate_people)),
        len(set(outcome.other_people)),
        {fpir: fnir(outcome, fpir, alike=False) for fpir in FPIRS},
        {fpir: fnir(outcome, fpir, alike=True) for fpir in FPIRS},
        rank_one(outcome, alike=True),
        {asked: share_above(outcome, limit) for asked, limit in thresholds.items()},
        {
            fpir: fnir_when(outcome, len(trial.gallery), GROWN, fpir, alike=True)
            for fpir in FPIRS[:2]
            if part == "all" and group == "everybody" and way == "site"
        },
        tuple(
            (outcome.other_people[i], outcome.taken_for[i], float(outcome.others[i]))
            for i in worst.tolist()
        ),
        outcome,
    )


def _some(outcome: Outcome, members: frozenset[str]) -> Outcome:
    mates = [i for i, person in enumerate(outcome.mate_people) if person in members]
    others = [i for i, person in enumerate(outcome.other_people) if person in members]
    return Outcome(
        outcome.mates[mates],
        tuple(outcome.mate_people[i] for i in mates),
        outcome.others[others],
        tuple(outcome.other_people[i] for i in others),
        tuple(outcome.taken_for[i] for i in others),
    )


def verification(
    vectors: Vector, rows: dict[str, int], pairs: Sequence[tuple[str, str, bool]], folds: int = 10
) -> Rate | None:
    """(a) Accuracy on pairs, threshold set on nine folds and judged on the tenth, ± 1.96 s.e.

    Pairs of photographs that are not there are left out.

    Args:
        vectors: float32 (photographs, d), unit rows.
        rows: the row of each photograph by its name.
        pairs: names of two photographs, and whether they show one person.

    Returns:
        The accuracy, or None when fewer than ten pairs are left.
    """
    there = [(rows[a], rows[b], same) for a, b, same in pairs if a in rows and b in rows]
    if len(there) < folds:
        return None
    scores = np.array([float(vectors[a] @ vectors[b]) for a, b, _ in there])
    same = np.array([is_same for _, _, is_same in there])
    fold = np.arange(len(there)) % folds
    right = []
    for number in range(folds):
        train = fold != number
        limits = np.unique(scores[train])
        correct = [((scores[train] > limit) == same[train]).mean() for limit in limits]
        limit = limits[int(np.argmax(correct))]
        right.append(((scores[~train] > limit) == same[~train]).mean())
    mean, error = float(np.mean(right)), 1.96 * float(np.std(right, ddof=1)) / folds**0.5
    return Rate(mean, mean - error, min(1.0, mean + error))
