"""What a run came to: figures with counts, a table, a picture."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from gate.demo.contact_sheet import picture, write_picture
from gate.demo.report import (
    ASKED,
    GRANTED,
    NOTHING,
    REFUSED,
    Attempt,
    Mark,
    Rate,
    RunRecord,
    figures,
    report,
)
from gate.errors import StoreError
from gate.texts.catalogue import translator

FRAME = np.full((480, 640, 3), 90, np.uint8)
ANN = Attempt(
    "walks-up", "Ann", True, GRANTED, GRANTED, "Ann", score=12.0, threshold=9.0, latency=0.080,
    door="unlocked 5 s", image=FRAME, marks=(Mark((200, 100, 320, 260), "Ann", GRANTED),),
)  # fmt: skip
BOB = Attempt("stranger", "Bob", False, REFUSED, REFUSED, image=FRAME, reason="not_enrolled")
ATTACK = Attempt("print", "Bob", False, REFUSED, REFUSED, attack="print of Ann", image=FRAME)


def run(*attempts: Attempt) -> RunRecord:
    return RunRecord(
        attempts, frames=300, seconds=12.0, memory=400 << 20, people=7000, generated=6998,
        damaged=2, encoder="dlib/1", detector="hog",
    )  # fmt: skip


def text_of(record: RunRecord) -> str:
    shown = StringIO()
    Console(width=160, file=shown).print(report(record))
    return shown.getvalue()


def test_a_stranger_taken_for_somebody_counts_as_false_positive_even_when_kept_out() -> None:
    mistaken = replace(BOB, outcome=ASKED, recognised="Ann")
    f = figures(run(ANN, BOB, mistaken))
    assert (f.fpir.count, f.fpir.total) == (1, 2)
    assert f.strangers_granted == 0


def test_a_resident_not_recognised_or_taken_for_another_counts_as_false_negative() -> None:
    unseen = replace(ANN, outcome=REFUSED, recognised="", latency=None)
    confused = replace(ANN, recognised="Cid")
    f = figures(run(ANN, unseen, confused))
    assert (f.fnir.count, f.fnir.total) == (2, 3)
    assert f.unexpected == 2


def test_a_resident_who_only_walks_past_is_in_no_rate() -> None:
    past = Attempt("past", "Ann", True, NOTHING, NOTHING)
    f = figures(run(past))
    assert f.fnir.total == 0
    assert f.kept_out == 0
    assert past.as_expected
    assert not replace(past, outcome=GRANTED, recognised="Ann").as_expected


def test_attacks_are_counted_apart_from_living_people() -> None:
    f = figures(run(ANN, ATTACK, replace(ATTACK, outcome=GRANTED, recognised="Ann")))
    assert (f.iapar.count, f.iapar.total) == (1, 2)
    assert (f.granted, f.fpir.total) == (1, 0)


@pytest.mark.slow
def test_who_was_let_in_by_card_was_not_recognised() -> None:
    came = figures(run(replace(ANN, by_card=True, latency=None)))
    assert came.granted == came.by_card == 1
    assert (came.fnir.count, came.fnir.total) == (1, 1)
    shown = text_of(run(replace(ANN, by_card=True, latency=None)))
    assert "granted, by card" in shown
    assert "of them by card 1" in shown


def test_a_recognised_face_that_needed_a_card_is_told_from_one_not_recognised() -> None:
    carded = replace(ANN, by_card=True, latency=None, asked_because="liveness_unknown", best="Ann")
    unlike = replace(carded, asked_because="doubtful", best="Bob")
    record = run(carded, carded, unlike, ANN)
    assert figures(record).fnir.count == 3
    assert figures(record).not_by_face == (("liveness_unknown", 2),)
    assert "2: liveness unknown 2" in text_of(record)
    assert figures(run(ANN, BOB)).not_by_face == ()


def test_the_table_names_the_liveness_networks_and_what_one_or_none_means() -> None:
    assert "one, two" in text_of(replace(run(ANN), networks=("one", "two")))
    alone = text_of(replace(run(ANN), networks=("one",)))
    assert "one network only, one: where it is not sure, a card is asked for" in alone
    assert "no network: a face alone opens nothing, a card is asked for" in text_of(run(ANN))


def test_who_was_not_held_to_be_live_is_counted_apart_from_other_reasons() -> None:
    carded = replace(ANN, by_card=True, latency=None, asked_because="liveness_unknown", best="Ann")
    alike = replace(carded, asked_because="look_alike")
    assert figures(run(carded, carded, alike, ANN)).not_held_live == 2
    assert figures(run(alike, ANN)).not_held_live == 0


def test_the_frame_rate_is_also_given_for_a_core_of_its_own() -> None:
    busy = replace(run(ANN), frames=300, seconds=30.0, work=10.0)
    assert "10.0; 30.0 a core second" in text_of(busy)


def test_latency_is_given_as_median_and_tail() -> None:
    waits = [replace(ANN, latency=k / 1000) for k in range(1, 101)]
    latency = figures(run(*waits)).latency
    assert latency == pytest.approx((0.0505, 0.09505, 0.09901))
    assert figures(run(BOB)).latency is None


def test_a_rate_carries_its_interval() -> None:
    low, high = Rate(0, 10).interval
    assert low == 0
    assert high == pytest.approx(0.2775, abs=1e-3)  # Wilson (1927) for 0 of 10
    assert Rate(0, 0).interval == (0, 1)
    _ = translator("en")
    assert Rate(0, 0).said(_) == "none came"
    assert Rate(1, 4).said(_).startswith("1 of 4 = 25.0 % (95 %: ")


def test_the_table_names_people_counts_and_what_went_wrong() -> None:
    text = text_of(run(ANN, replace(BOB, outcome=GRANTED, recognised="Ann"), ATTACK))
    assert "Bob, stranger" in text
    assert "granted as Ann" in text
    assert "print of Ann" in text
    assert "1 of 1 = 100.0 %" in text
    assert "NO" in text
    assert "7,000 (2 real, 6,998 generated)" in text
    assert "25.0" in text  # frames a second
    assert "400 MB" in text


@pytest.mark.slow
def test_the_picture_shows_each_attempt_with_a_frame_and_its_box() -> None:
    one, four = picture(run(ANN)), picture(run(ANN, BOB, ATTACK, ANN), columns=2)
    assert four.height > one.height
    green = np.array((46, 184, 114))
    assert (np.abs(np.asarray(one).astype(int) - green).sum(axis=2) < 12).sum() > 500


def test_attempts_without_a_frame_are_left_out_of_the_picture() -> None:
    only, both = picture(run(ANN)), picture(run(ANN, replace(BOB, image=None)))
    assert only.size == both.size


def test_a_box_that_reaches_outside_the_frame_is_drawn_as_far_as_it_goes() -> None:
    outside = replace(ANN, marks=(Mark((-50, -40, 700, 500), "a very long name indeed", REFUSED),))
    assert picture(run(outside)).width >= 400


def test_the_picture_is_written_in_the_format_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / "out" / "run.jpg"
    write_picture(run(ANN, BOB), path)
    with Image.open(path) as written:
        assert written.format == "JPEG"


def test_a_picture_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be written[\s\S]*run\.xyz"):
        write_picture(run(ANN), tmp_path / "run.xyz")
