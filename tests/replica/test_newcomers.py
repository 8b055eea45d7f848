"""People who are new on a box are written as those who change are, only faster."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select

from gate.errors import StoreError
from gate.fleet.records import base64_text
from gate.fleet.sealing import seal_template, wrap
from gate.replica import apply
from gate.replica.apply import Applier
from gate.replica.identity import Identity
from gate.store.store import Store
from gate.store.tables import ConsentRow, CredentialRow, PermitRow, PersonRow, ReplicaRow
from tests.hub.fleet import ENCODER, settings, vector

KEY, AT = b"k" * 32, "2026-03-01T08:00:00+00:00"


def face(ref: str, seed: int, key: bytes = KEY) -> dict[str, Any]:
    sealed = base64_text(seal_template(vector(seed), key, 1, ref, ENCODER))
    return {
        "id": f"{seed}",
        "encoder": ENCODER,
        "quality": 0.5,
        "label": "",
        "epoch": 1,
        "sealed": sealed,
    }


def person(ref: str, **fields: Any) -> dict[str, Any]:
    return {
        "ref": ref,
        "number": None,
        "name": f"name of {ref}",
        "kind": "resident",
        "birth_year": None,
        "birth_date": "1990-05-06",
        "locale": "zh",
        "active": True,
        "blocked": False,
        "blocked_reason": "",
        "valid_from": AT,
        "valid_until": None,
        "groups": ["staff"],
        "extended_unlock": False,
        "face_alone": True,
        "place": ["3", "0402", "", None],
        "credentials": [],
        "permits": [],
        "consents": [],
        "templates": [],
        **fields,
    }


def card(number: int) -> dict[str, Any]:
    return {
        "kind": "card",
        "label": "blue",
        "duress": False,
        "valid_from": None,
        "valid_until": None,
        "revoked": None,
        "revoked_reason": "",
        "hash": base64_text(bytes([number]) * 32),
    }


def permit(id: str, uses: int) -> dict[str, Any]:
    return {
        "id": id,
        "issued_by": "clerk",
        "valid_from": AT,
        "valid_until": AT,
        "gates": ["north"],
        "uses_allowed": 5,
        "uses": uses,
        "revoked": None,
        "revoked_reason": "",
    }


CONSENT = {
    "purpose": "face",
    "answer": "yes",
    "text_version": "1",
    "language": "zh",
    "asked_by": "clerk",
    "guardian": "",
    "at": AT,
}
PEOPLE = [
    person("a", number="7", templates=[face("a", 1), face("a", 2)], credentials=[card(1)]),
    person("b", place=None, groups=[], permits=[permit("p", 2)], consents=[CONSENT]),
    person("c", credentials=[card(2), card(3)], place=["4", "1", "x", 2]),
    # has what was the first one's a moment ago
    person("d", credentials=[card(1)], templates=[face("d", 3)]),
]


@pytest.fixture
def appliers(tmp_path: Path) -> Iterator[list[Applier]]:
    sealing = X25519PrivateKey.generate()
    public = sealing.public_key().public_bytes_raw()
    keys = {"epoch": 1, "template": base64_text(wrap(KEY, public, "template 1")), "cards": []}
    stores = [Store.open(settings(), tmp_path / name) for name in ("one", "many")]
    made = []
    for store in stores:
        signing = ec.generate_private_key(ec.SECP256R1())
        identity = Identity(tmp_path, "box", "north", ("https://hub",), b"", signing, sealing)
        made.append(Applier(store, identity))
        made[-1].take_keys(keys)
    yield made
    for store in stores:
        store.close()


def written(store: Store) -> list[Any]:
    """Everything that is not made afresh on each box, by pseudonym."""
    with store.database.read() as session:
        people = session.scalars(select(PersonRow).order_by(PersonRow.ref)).all()
        refs = {row.id: row.ref for row in people}
        own = ("_sa_instance_state", "id", "created", "updated", "household_id", "person_id")
        rows = [
            (type(row).__name__, refs.get(getattr(row, "person_id", 0)), columns)
            for table in (PersonRow, CredentialRow, PermitRow, ConsentRow, ReplicaRow)
            for row in session.scalars(select(table))
            if (columns := {name: value for name, value in vars(row).items() if name not in own})
        ]
    faces = store.templates.load(ENCODER)
    homes = {row.ref: store.places.address(row.household_id or 0) for row in people}
    seen = sorted(
        zip([refs[int(one)] for one in faces.people], faces.vectors.tolist(), strict=True)
    )
    return [sorted(map(repr, rows)), homes, seen, store.changes.generation()]


@pytest.mark.slow
def test_many_at_once_are_written_as_one_after_the_other(
    appliers: list[Applier], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, many = appliers
    with monkeypatch.context() as slowly:
        slowly.setattr(apply, "unknown", lambda session, changes: set())
        assert one.records(PEOPLE) == len(PEOPLE)
    assert many.records(PEOPLE) == len(PEOPLE)
    first, second = written(one._store), written(many._store)
    assert first == second
    assert first[1]["c"] == ("4", "1", "x")
    assert len(first[2]) == 3
    assert [applier.records(PEOPLE) for applier in appliers] == [0, 0]  # nothing is new


def test_number_and_card_of_somebody_who_was_there_become_theirs(appliers: list[Applier]) -> None:
    _, many = appliers
    many.records(PEOPLE[:1])
    many.records([person("z", number="7", credentials=[card(1)])])
    with many._store.database.read() as session:
        numbers = {row.ref: row.number for row in session.scalars(select(PersonRow))}
        owners = session.scalars(
            select(PersonRow.ref).join(CredentialRow, CredentialRow.person_id == PersonRow.id)
        ).all()
    assert numbers == {"a": None, "z": "7"}
    assert owners == ["z"]


@pytest.mark.slow
def test_a_face_that_cannot_be_opened_leaves_nobody_of_the_transaction(
    appliers: list[Applier],
) -> None:
    _, many = appliers
    wrong = person("w", templates=[face("w", 9, b"x" * 32)])
    with pytest.raises(StoreError, match="cannot be opened"):
        many.records([PEOPLE[1], wrong])
    assert many._store.people.count() == 0


@pytest.mark.slow
def test_who_was_never_here_costs_no_write_when_they_leave(appliers: list[Applier]) -> None:
    _, many = appliers
    many.records(PEOPLE[:2])
    before = many._store.database.writes
    many.gone([{"ref": f"elsewhere-{n}"} for n in range(100)])
    assert many._store.database.writes == before
    many.gone([{"ref": "elsewhere-1"}, {"ref": "a"}])
    assert many._store.people.count() == 1
    # somebody erased is confirmed by every box, also by one they were never on
    proof = base64.b64encode(b"proof").decode()
    many.gone([{"ref": "elsewhere-2", "proof": proof}])
    assert many.pending() == ["elsewhere-2"]
