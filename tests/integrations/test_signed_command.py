"""Forged, late, foreign and broken commands: each refused with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.integrations.signed_command import (
    Accepted,
    Key,
    Refused,
    judge,
    sign,
)
from tests.integrations.forged import FORGED, GOOD, KEY, NOW, OURS, changed, known, reason


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_command_is_refused(name: str) -> None:
    raw, expected = FORGED[name]
    assert reason(raw) == expected


def test_a_good_command_is_accepted() -> None:
    verdict = judge(sign(OURS, GOOD), known(), NOW)
    assert verdict == Accepted(GOOD, KEY)


@pytest.mark.parametrize(
    ("counter", "expected"), [(NOW, "replayed"), (NOW + 1, "out_of_order"), (NOW - 1, "accepted")]
)
def test_the_counter_only_grows(counter: int, expected: str) -> None:
    assert reason(sign(OURS, GOOD), known(counters={KEY.id: counter})) == expected


def test_a_revoked_key_opens_nothing() -> None:
    revoked = Key(KEY.id, KEY.name, KEY.public, KEY.commands, revoked=True)
    assert reason(sign(OURS, GOOD), known(keys={KEY.id: revoked})) == "revoked_key"


def test_too_many_in_a_minute_are_refused() -> None:
    recent = [NOW - 2000 * n for n in range(30)]
    assert reason(sign(OURS, GOOD), known(recent={KEY.id: recent})) == "too_many"
    assert reason(sign(OURS, GOOD), known(recent={KEY.id: recent[1:]})) == "accepted"


@given(st.binary(max_size=5000))
def test_no_bytes_at_all_are_accepted_or_break_the_parser(raw: bytes) -> None:
    assert reason(raw) != "accepted"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.dictionaries(
        st.sampled_from(["id", "gate", "command", "time", "expires", "counter", "arguments"])
        | st.text(),
        json_values | st.sampled_from(["north", "open", NOW]),
    )
)
@pytest.mark.slow
def test_a_signed_payload_of_any_form_breaks_nothing(members: dict[str, object]) -> None:
    assert reason(changed(**members)) in {"accepted", "wrong_form", "too_long"} | {
        "other_gate", "not_entitled", "from_future", "expired", "valid_too_long",
        "counter_too_large", "wrong_arguments",
    }  # fmt: skip


@given(st.data())
def test_one_changed_byte_is_never_accepted(data: st.DataObject) -> None:
    raw = bytearray(sign(OURS, GOOD))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    verdict = judge(bytes(raw), known(), NOW)
    # a byte of the envelope's white space, or an unused bit of base64, changes no meaning
    assert isinstance(verdict, Refused) or verdict.command == GOOD
