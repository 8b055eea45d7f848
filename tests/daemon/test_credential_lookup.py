"""From a claim to a person: what cannot be read is answered, and never looked up."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gate.access.decision import Method
from gate.access.reasons import REASONS
from gate.access.settings import PermitSettings, PinSettings
from gate.daemon.credential_lookup import ClaimDesk
from gate.readers.claim import UNREADABLE, Claim, ClaimKind
from gate.services.permits import PermitBook
from gate.store.settings import StoreSettings
from gate.store.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_card_that_cannot_be_read_is_answered_at_the_gate(tmp_path: Path) -> None:
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        desk = ClaimDesk(store, PermitBook(store, [], PermitSettings()), "north", PinSettings())
        shown = desk.look_up(Claim(ClaimKind.CARD, UNREADABLE, "reader", 5.0), NOON)
    assert (shown.method, shown.person, shown.at) == (Method.CARD, None, 5.0)
    assert shown.credential.problem == "card_unreadable"
    assert shown.credential.problem in REASONS
