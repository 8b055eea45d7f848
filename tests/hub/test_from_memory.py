"""A box whose disk cannot be written follows its hub in memory, and promises nothing that lasts."""

from __future__ import annotations

from functools import partial

import pytest

from gate.hub import authority
from gate.hub.authority import RENEW_DAYS
from gate.replica.join import folder_of
from gate.store.tables import BoxRow
from tests.hub.fleet import Fleet
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


def test_no_certificate_is_renewed_and_no_deletion_is_proved(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(authority, "BOX_DAYS", RENEW_DAYS - 1)
        box = fleet.box("north", start=False)
    certificate = folder_of(box.data) / "box.crt"
    before = certificate.read_bytes()
    box.lasting = False
    box.start(beat=0.2)
    fleet.enrol("李红", 1)
    wait_for(lambda: box.names == {"李红"})
    fleet.store.people.delete(fleet.store.people.find()[0].id)
    wait_for(lambda: not box.names)
    # what would follow an answer of the feed, or a beat, comes before the next one
    fleet.enrol("王芳", 2)
    wait_for(lambda: box.names == {"王芳"})
    for _ in range(3):
        last = seen(fleet)
        wait_for(partial(is_later, fleet, last))
    assert certificate.read_bytes() == before
    assert fleet.server.hub.receipts.state()[0].done == 0


def is_later(fleet: Fleet, than: object) -> bool:
    return seen(fleet) != than


def seen(fleet: Fleet) -> object:
    with fleet.store.database.read() as session:
        return next(row.seen for row in session.query(BoxRow))
