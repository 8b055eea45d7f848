"""A box keeps what the hub has signed as blocked, and shows nothing that another has signed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.fleet.signing import sign_block
from gate.replica import blocked
from gate.store.store import Store
from tests.hub.fleet import settings

KEY, ANOTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
WHAT = "card AAAA 2026-11-28T09:30:00+00:00"


def test_it_is_replaced_with_the_record_and_shown_with_its_signature(tmp_path: Path) -> None:
    proof = sign_block(KEY, "a", WHAT)
    with Store.open(settings(), tmp_path) as store:
        with store.database.write() as session:
            blocked.note(session, [{"ref": "a", "revocations": {WHAT: proof}}, {"ref": "b"}])
        with store.database.read() as session:
            assert blocked.noted(session, PUBLIC) == {"a": {WHAT: proof}}
        with store.database.write() as session:
            blocked.note(session, [{"ref": "a"}])  # the card was given again
        with store.database.read() as session:
            assert blocked.noted(session, PUBLIC) == {}


@pytest.mark.parametrize(
    "proof",
    [
        sign_block(ANOTHER, "a", WHAT),  # of a hub the box belonged to before
        sign_block(KEY, "b", WHAT),
        sign_block(KEY, "a", WHAT.replace("card", "pin")),
        "no signature",
    ],
)
def test_what_the_hub_would_refuse_is_not_shown(tmp_path: Path, proof: str) -> None:
    with Store.open(settings(), tmp_path) as store, store.database.write() as session:
        blocked.note(session, [{"ref": "a", "revocations": {WHAT: proof}}])
        assert blocked.noted(session, PUBLIC) == {}
