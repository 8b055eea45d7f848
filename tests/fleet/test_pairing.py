from __future__ import annotations

import pytest

from gate.fleet.pairing import ALPHABET, new_code, proof, proved, split


def test_a_code_is_read_however_it_is_typed() -> None:
    code = new_code()
    number, secret = split(code) or ("", b"")
    assert len(number) == 4
    assert len(secret) == 12
    assert split(f" {code.lower().replace('-', ' ')} ") == (number, secret)


@pytest.mark.parametrize(
    "typed", ["", "ABCD", "ABCD-EFGH-JKLM-NPQ1", "ABCD-EFGH-JKLM-NPQR-S", "é" * 16]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert split(typed) is None


def test_codes_differ_and_hold_no_character_that_is_misread() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert set("".join(codes)) <= {*ALPHABET, "-"}
    assert not {"0", "1", "I", "O"} & set(ALPHABET)


def test_a_proof_is_of_one_side_and_of_exactly_these_parts() -> None:
    made = proof(b"secret", "box", b"ab", b"c")
    assert proved(made, b"secret", "box", b"ab", b"c")
    assert not proved(made, b"secret", "hub", b"ab", b"c")
    assert not proved(made, b"secret", "box", b"a", b"bc")
    assert not proved(made, b"secreT", "box", b"ab", b"c")
