"""Who is enrolled, who comes, who is an impostor."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.evaluation import protocols
from gate.evaluation.protocols import Trial


def people(*counts: int) -> dict[str, list[int]]:
    found, at = {}, 0
    for number, count in enumerate(counts):
        found[f"#{number}"] = list(range(at, at + count))
        at += count
    return found


def sound(trial: Trial) -> bool:
    """Impostors are not enrolled, genuine people are, no template is a probe."""
    enrolled = {person for person, _ in trial.gallery}
    templates = {row for _, rows in trial.gallery for row in rows}
    probes = {row for _, rows in (*trial.genuine, *trial.impostors) for row in rows}
    return (
        len(enrolled) == len(trial.gallery)
        and all(person in enrolled for person, _ in trial.genuine)
        and all(person not in enrolled for person, _ in trial.impostors)
        and not templates & probes
    )


@given(st.lists(st.integers(1, 30), max_size=30))
def test_every_protocol_is_sound(counts: list[int]) -> None:
    found = people(*counts)
    assert sound(protocols.open_set(found))
    assert sound(protocols.at_a_gate(found, 1))
    assert sound(protocols.at_a_gate(found, 5))
    named = {f"name {person}": [1000 + row for row in rows] for person, rows in found.items()}
    assert sound(protocols.one_group(named, found))
    assert sound(protocols.one_group(named, found, pairs=True))


def test_one_template_one_probe() -> None:
    trial = protocols.open_set(people(3, 1))
    assert trial.gallery == (("#0", (0,)),)
    assert trial.genuine == (("#0", (1,)), ("#0", (2,)))
    assert trial.impostors == (("#1", (3,)),)


def test_at_a_gate() -> None:
    trial = protocols.at_a_gate(people(11, 2, 7), 5)
    assert trial.gallery == (("#0", (0, 1, 2, 3, 4)), ("#1", (11, 12)))
    assert trial.genuine == (("#0", (5, 6, 7, 8, 9)),)
    assert trial.impostors == (("#2", (13, 14, 15, 16, 17)),)


def test_one_group() -> None:
    trial = protocols.one_group({"Ann": [10, 11, 12], "Bo": [13]}, people(2, 1, 1))
    assert trial.gallery == (("Ann", (10, 11)), ("Bo", (13,)), ("#0", (0,)), ("#2", (3,)))
    assert trial.genuine == (("Ann", (12,)),)
    assert trial.impostors == (("#1", (2,)),)
    pairs = protocols.one_group({"Ann": [10]}, people(2, 1, 1), pairs=True)
    assert pairs.genuine == (("#0", (1,)),)


def test_a_part_of_the_people_keeps_nobody_else() -> None:
    trial = protocols.open_set(people(3, 1, 2)).restricted(lambda person: person != "#0")
    assert {person for person, _ in (*trial.gallery, *trial.genuine)} == {"#2"}


def test_halves_are_of_about_one_size() -> None:
    sides = [protocols.half(f"person {number}") for number in range(1000)]
    assert 450 < sides.count("choose") < 550
    assert set(sides) == {"choose", "report"}
