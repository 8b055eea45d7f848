"""Orders of the hub: obeyed once, in time, and only when they are signed for this gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gate.fleet.signing import sign_order
from gate.replica.identity import Identity
from gate.replica.orders import _REMEMBERED, Orders

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()
IDENTITY = Identity(
    folder=Path("unused"),
    box="box-1",
    gate="north",
    urls=(),
    orders=KEY.public_key().public_bytes_raw(),
    signing=ec.generate_private_key(ec.SECP256R1()),
    sealing=X25519PrivateKey.generate(),
)


class Door:
    """Keeps what it was asked to do."""

    def __init__(self, answer: str = "done") -> None:
        self.asked: list[tuple[str, str, float]] = []
        self._answer = answer

    def obey(self, command: str, by: str, seconds: float) -> str:
        self.asked.append((command, by, seconds))
        return self._answer


def order(id: str = "1", key: Ed25519PrivateKey = KEY, **changed: Any) -> dict[str, Any]:
    values = {
        "id": id,
        "gate": "north",
        "command": "open",
        "until": None,
        "by": "guard",
        "reason": "",
        "expires": (NOW + timedelta(seconds=9)).isoformat(),
    }
    return sign_order(key, {**values, **changed})


def test_a_signed_order_reaches_the_door_and_its_answer_the_hub() -> None:
    door = Door("locked_down")
    assert Orders(door).obey([order()], IDENTITY, NOW) == {"1": "locked_down"}
    assert door.asked == [("open", "guard", 0.0)]


def test_the_end_of_a_hold_is_counted_by_the_hubs_clock() -> None:
    door = Door()
    until = (NOW + timedelta(seconds=90)).isoformat()
    past = (NOW - timedelta(seconds=90)).isoformat()
    given = [order("1", command="hold", until=until), order("2", command="hold", until=past)]
    Orders(door).obey(given, IDENTITY, NOW)
    assert door.asked == [("hold", "guard", 90.0), ("hold", "guard", 0.0)]


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        (order(gate="south"), "bad_signature"),  # signed, for another gate
        (order(key=Ed25519PrivateKey.generate()), "bad_signature"),
        ({**order(), "command": "hold"}, "bad_signature"),  # changed after it was signed
        (order(expires=NOW.isoformat()), "expired"),
        (order(expires=(NOW - timedelta(days=1)).isoformat()), "expired"),
    ],
)
def test_an_order_that_is_not_valid_never_reaches_the_door(given: Any, answer: str) -> None:
    door = Door()
    assert Orders(door).obey([given], IDENTITY, NOW) == {"1": answer}
    assert door.asked == []


def test_an_order_that_is_not_the_hubs_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    Orders(Door()).obey([order(expires=NOW.isoformat())], IDENTITY, NOW)
    assert caplog.messages == []
    Orders(Door()).obey([order(key=Ed25519PrivateKey.generate())], IDENTITY, NOW)
    assert caplog.messages == ["hub.order_refused"]


def test_an_order_sent_again_is_answered_again_but_obeyed_once() -> None:
    door, given = Door(), order()
    orders = Orders(door)
    late = NOW + timedelta(minutes=1)  # the answer stays the same when it has expired meanwhile
    assert orders.obey([given, given], IDENTITY, NOW) == orders.obey([given], IDENTITY, late)
    assert len(door.asked) == 1


def test_answers_are_not_kept_without_limit() -> None:
    door = Door()
    orders = Orders(door)
    for number in range(_REMEMBERED + 1):
        orders.obey([order(str(number))], IDENTITY, NOW)
    assert len(orders._answers) == _REMEMBERED
    orders.obey([order(str(_REMEMBERED))], IDENTITY, NOW)
    assert len(door.asked) == _REMEMBERED + 1


def test_a_renewed_certificate_does_not_make_the_box_obey_twice() -> None:
    door, given = Door(), order()
    orders = Orders(door)
    orders.obey([given], IDENTITY, NOW)
    orders.obey([given], replace(IDENTITY, box="box-1-renewed"), NOW)
    assert len(door.asked) == 1
