"""Permits: genuine ones are read, all others refused with their reason."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib.pagesizes import A5
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from gate.access import permit_print
from gate.access.base45 import b45decode, b45encode
from gate.access.decision import Kind
from gate.access.permit import PREFIX, Permit, PermitRefused, check, key_id, read, sign
from gate.access.permit_image import UNREADABLE, find_permit
from gate.access.permit_keys import private_key, public_keys
from gate.access.permit_print import permit_pdf
from gate.errors import AccessError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = {key_id(KEY.public_key()): KEY.public_key()}
BEGIN = datetime(2026, 1, 7, 8, 0, tzinfo=UTC)
PERMIT = Permit("0123456789abcdef", "5e" * 8, Kind.VISITOR, BEGIN, BEGIN + timedelta(days=2), 4)
TEXT = sign(PERMIT, KEY)


def test_a_permit_comes_back_as_it_was_signed() -> None:
    assert read(TEXT, KEYS) == PERMIT
    more = replace(PERMIT, gates=frozenset({"gate-1", "north"}), uses=0, kind=Kind.CARER)
    assert read(sign(more, KEY), KEYS) == more
    assert read(f"  {TEXT.lower()}\r\n", KEYS) == PERMIT


def test_it_is_short_enough_for_an_old_phone() -> None:
    code = segno.make(TEXT, error="m", micro=False)
    assert (code.version, code.mode) == (6, "alphanumeric")


def refused(text: str) -> str:
    with pytest.raises(PermitRefused) as caught:
        read(text, KEYS)
    return caught.value.code


def test_a_forged_permit_is_refused() -> None:
    assert refused(sign(PERMIT, Ed25519PrivateKey.generate())) == "permit_forged"
    data = bytearray(b45decode(TEXT[len(PREFIX) :]))
    data[25] ^= 1  # one more hour
    assert refused(PREFIX + b45encode(bytes(data))) == "permit_forged"


@pytest.mark.parametrize(
    "text", ["", "GP1:", TEXT[:-1], TEXT[:40], "https://x.example", "GP2:" + TEXT[4:]]
)
def test_a_cut_permit_is_refused(text: str) -> None:
    assert refused(text) in ("permit_unreadable", "permit_forged")


def test_the_longest_text_is_looked_at_and_a_longer_one_is_not() -> None:
    longest = PREFIX + "0" * (600 - len(PREFIX))  # of bytes that are all zero
    assert refused(longest) == "permit_forged"
    assert refused(longest + "000") == "permit_unreadable"


def test_the_most_and_the_least_that_a_permit_has_room_for() -> None:
    names = [f"gate-{number:027d}" for number in range(6)]  # 6 * 32 and 5 commas
    full = frozenset({*names, "ab"})  # and 3: 200 characters
    epoch = datetime.fromtimestamp(0, UTC)
    for room in (
        replace(PERMIT, gates=full),
        replace(PERMIT, uses=65535),
        replace(PERMIT, valid_from=epoch),
        replace(PERMIT, valid_until=BEGIN + timedelta(minutes=1)),
    ):
        assert read(sign(room, KEY), KEYS) == room
    with pytest.raises(AccessError, match="cannot be written"):
        sign(replace(PERMIT, gates=frozenset({*names, "abc"})), KEY)


def test_a_text_too_long_for_a_permit_is_not_looked_at() -> None:
    assert refused(PREFIX + b45encode(bytes(300))) == "permit_forged"
    assert refused(PREFIX + b45encode(bytes(500))) == "permit_unreadable"


def test_more_gates_than_a_permit_has_room_for_are_refused() -> None:
    names = [f"gate-{number:025d}" for number in range(7)]
    room = replace(PERMIT, gates=frozenset(names[:6]))
    assert read(sign(room, KEY), KEYS) == room
    with pytest.raises(AccessError, match="cannot be written"):
        sign(replace(PERMIT, gates=frozenset(names)), KEY)


@pytest.mark.parametrize(
    ("at", "value"),
    [(18, 99), (18, len(Kind)), (29, 7)],  # the kind, and the length of the gates
)
def test_what_is_signed_and_not_understood_is_refused(at: int, value: int) -> None:
    body = bytearray(b45decode(TEXT[len(PREFIX) :])[:-64])
    body[at] = value
    signature = KEY.sign(PREFIX.encode() + body)
    assert refused(PREFIX + b45encode(bytes(body) + signature)) == "permit_unreadable"


def test_a_permit_without_limits_opens_every_gate_as_often_as_shown() -> None:
    assert check(replace(PERMIT, uses=0), BEGIN, "south", used=99) == ""


def test_every_changed_character_is_noticed() -> None:
    dice = random.Random(5)
    for at in range(len(PREFIX), len(TEXT)):
        other = dice.choice([c for c in "0123456789ABC" if c != TEXT[at]])
        assert refused(TEXT[:at] + other + TEXT[at + 1 :])


@settings(deadline=None)
@given(st.text(st.sampled_from("0123456789ABCDEFGHIJ $%*+-./:"), max_size=300))
def test_noise_is_never_a_permit(noise: str) -> None:
    assert refused(PREFIX + noise) in ("permit_unreadable", "permit_forged")


@pytest.mark.parametrize(
    ("now", "gate", "used", "revoked", "problem"),
    [
        (BEGIN, "gate-1", 0, False, ""),
        (BEGIN + timedelta(days=1), "gate-1", 3, False, ""),
        (BEGIN - timedelta(minutes=4), "gate-1", 0, False, ""),
        (BEGIN - timedelta(seconds=300), "gate-1", 0, False, ""),
        (BEGIN - timedelta(seconds=301), "gate-1", 0, False, "permit_not_yet_valid"),
        (BEGIN - timedelta(hours=1), "gate-1", 0, False, "permit_not_yet_valid"),
        (BEGIN + timedelta(days=2, minutes=4), "gate-1", 0, False, ""),
        (BEGIN + timedelta(days=2, seconds=299), "gate-1", 0, False, ""),
        (BEGIN + timedelta(days=2, seconds=300), "gate-1", 0, False, "permit_expired"),
        (BEGIN + timedelta(days=2, hours=1), "gate-1", 0, False, "permit_expired"),
        (BEGIN, "south", 0, False, "permit_wrong_gate"),
        (BEGIN, "gate-1", 4, False, "permit_used_up"),
        (BEGIN, "gate-1", 0, True, "permit_revoked"),
    ],
)
def test_what_a_genuine_permit_is_refused_for(
    now: datetime, gate: str, used: int, revoked: bool, problem: str
) -> None:
    permit = replace(PERMIT, gates=frozenset({"gate-1"}))
    assert check(permit, now, gate, used=used, revoked=revoked, tolerance=300) == problem


def test_what_cannot_be_written_is_refused_when_it_is_signed() -> None:
    for wrong in (
        {"gates": frozenset({"Gate,1"})},
        {"uses": 65536},
        {"uses": -1},
        {"valid_from": datetime.fromtimestamp(-60, UTC)},
        {"valid_until": BEGIN},
    ):
        with pytest.raises(AccessError):
            sign(replace(PERMIT, **wrong), KEY)


def drawn(text: str, module: int = 4) -> np.ndarray:
    matrix = np.array(
        [list(r) for r in segno.make(text, error="m").matrix_iter(border=4)], np.uint8
    )
    return np.kron((1 - matrix) * 255, np.ones((module, module), np.uint8)).astype(np.uint8)


def test_the_camera_reads_a_permit_turned_blurred_and_dark() -> None:
    code = drawn(TEXT)
    image = np.full((480, 640, 3), 90, np.uint8)
    image[100 : 100 + len(code), 200 : 200 + len(code)] = code[:, :, None]
    turn = cv2.getRotationMatrix2D((320, 240), 33, 1.0)
    turned = cv2.warpAffine(image, turn, (640, 480))
    dark = cv2.GaussianBlur(turned // 2, (0, 0), 1.0)
    assert find_permit(np.asarray(dark, np.uint8)) == TEXT


def held_up(code: np.ndarray) -> np.ndarray:
    """A code before a grey wall."""
    image = np.full((480, 640), 90, np.uint8)
    part = code[:400]
    image[60 : 60 + len(part), 120 : 120 + part.shape[1]] = part
    return image


@pytest.mark.parametrize("module", [2, 3, 4, 6])
def test_a_code_that_is_cut_covered_or_blurred_is_seen_to_be_unreadable(module: int) -> None:
    whole = drawn(TEXT, module)
    half, corner, finger = whole.copy(), whole.copy(), whole.copy()
    half[len(whole) // 2 :] = 90
    corner[: len(whole) // 3, : len(whole) // 3] = 90
    finger[len(whole) // 3 : 2 * len(whole) // 3, len(whole) // 3 : 2 * len(whole) // 3] = 90
    for damaged in (half, corner, finger):
        assert find_permit(held_up(damaged)) == UNREADABLE
    assert find_permit(held_up(whole)) == TEXT
    if module == 4:
        assert find_permit(cv2.GaussianBlur(held_up(whole), (0, 0), 2)) == UNREADABLE


def test_the_camera_reads_nothing_from_a_smear_or_another_code() -> None:
    code = drawn(TEXT)
    assert find_permit(cv2.GaussianBlur(code, (0, 0), 6)) is None
    assert find_permit(drawn("https://somewhere.example")) is None
    assert find_permit(drawn(TEXT, 1)) in (TEXT, None)  # far away: nobody holds it up
    assert find_permit(np.zeros((480, 640, 3), np.uint8)) is None


@pytest.mark.parametrize("fonts", [permit_print._FONTS, ()], ids=["embedded", "brought along"])
def test_the_printed_permit_is_one_page_and_its_code_can_be_read(
    fonts: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    monkeypatch.setattr(permit_print, "_FONTS", fonts)
    permit_print._chinese.cache_clear()
    pdf = permit_pdf(PERMIT, TEXT, name="李小红", community="幸福家园", zone=UTC)
    document = pdfium.PdfDocument(pdf)
    assert len(document) == 1
    page = document[0]
    assert find_permit(page.render(scale=2).to_numpy()[:, :, :3]) == TEXT
    words = page.get_textpage().get_text_range()
    for expected in ("李小红", "电子出入证", "2026-01-07 08:00", "2026-01-09 08:00", "全部"):
        assert expected in words
    permit_print._chinese.cache_clear()


def test_the_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "permit.pem"
    first, again = private_key(path), private_key(path)
    assert first.private_bytes_raw() == again.private_bytes_raw()
    assert path.stat().st_mode & 0o777 == 0o600
    known = public_keys([path.with_suffix(".pub")])
    assert read(sign(PERMIT, first), known) == PERMIT


def test_a_key_that_others_may_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "permit.pem"
    private_key(path)
    path.chmod(0o644)
    with pytest.raises(AccessError, match="readable by other users"):
        private_key(path)
    for content in (b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        wrong = tmp_path / "wrong.pem"
        wrong.write_bytes(content)
        wrong.chmod(0o600)
        with pytest.raises(AccessError, match="cannot be used"):
            private_key(wrong)
        with pytest.raises(AccessError, match="cannot be used"):
            public_keys([wrong])
    with pytest.raises(AccessError, match="cannot be used"):
        public_keys([tmp_path / "none.pub"])


def test_the_names_of_many_gates_stay_on_the_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[str, float, float]] = []  # words, where they end and on which height
    draw = Canvas.drawString

    def noted(page: Any, x: float, y: float, words: str) -> None:
        end = x + stringWidth(words, page._fontname, page._fontsize)
        drawn.append((words, end, y))
        draw(page, x, y, words)

    monkeypatch.setattr(Canvas, "drawString", noted)
    gates = [f"{n}号楼东侧大门" for n in range(1, 17)]
    permit_pdf(PERMIT, TEXT, name="李小红", community="幸福家园", zone=UTC, gates=gates)
    assert max(end for _, end, _ in drawn) <= A5[0] - 11 * mm
    said = "".join(words for words, _, _ in drawn)
    assert all(gate in said for gate in gates)
    foot = max(y for words, _, y in drawn if "请将二维码" in words)
    assert min(y for words, _, y in drawn if "号楼" in words) > foot + 13
