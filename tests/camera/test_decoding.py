"""A picture that was made up for lost packets is not handed on; another size is noticed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gate.camera.decoding import FORGIVEN, Decoding, Effort

MISSED = "[OPENCV:FFMPEG:24] RTP: missed 1 packets\n"
MADE_UP = "[OPENCV:FFMPEG:32] concealing 144 DC, 144 AC, 144 MV errors in P frame\n"
RESIZED = "[OPENCV:FFMPEG:48] Format yuv420p chosen by get_format().\n"
USUAL = "[OPENCV:FFMPEG:48] nal_unit_type: 5(IDR), nal_ref_idc: 3\n"


def judged(decoding: Decoding, pictures: str, printed: dict[int, str]) -> str:
    """What is damaged, "x", of ``pictures``, "I" for those that need no other; ten a second."""
    told = ""
    for number, kind in enumerate(pictures):
        text = printed.get(number, USUAL)
        told += "x" if decoding.damaged(text, kind == "I", 1000 + number / 10) else "."
    return told


@pytest.mark.parametrize(
    "said",
    [
        MISSED,
        MADE_UP,
        "[OPENCV:FFMPEG:16] error while decoding MB 25 27, bytestream -5\n",
        "[OPENCV:FFMPEG:16] Could not find ref with POC 25\n",
        "[OPENCV:FFMPEG:16] Missing reference picture, default is 65536\n",
    ],
)
def test_what_follows_a_lost_packet_is_smeared_until_the_next_key_picture(said: str) -> None:
    assert judged(Decoding(1), "IPPPPIPP", {2: said}) == "..xxx..."


def test_a_key_picture_that_was_damaged_itself_ends_nothing() -> None:
    assert judged(Decoding(1), "IPPPIPPI", {2: MISSED, 4: MADE_UP}) == "..xxxxx."


def test_of_a_packet_lost_just_before_a_key_picture_it_may_be_part() -> None:
    assert judged(Decoding(1), "IPPIPPI", {2: MISSED}) == "..xxxx."


def test_a_decoder_of_several_threads_complains_before_it_gives_the_picture() -> None:
    assert judged(Decoding(4), "IPPPPIPPPPI", {2: MISSED}) == "..xxxxxxxx."


def test_a_stream_without_key_pictures_is_whole_again_after_a_while() -> None:
    told = judged(Decoding(1), "I" + "P" * 200, {2: MISSED})
    assert told[2:].index(".") == pytest.approx(10 * FORGIVEN, abs=2)
    assert "x" not in told[120:]


def test_what_a_decoder_prints_of_whole_pictures_is_no_complaint() -> None:
    harmless = "[OPENCV:FFMPEG:24] deprecated pixel format used\nOutput frame with POC 0/1.\n"
    assert judged(Decoding(1), "IPPP", dict.fromkeys(range(4), harmless)) == "...."


@pytest.mark.parametrize(("threads", "first"), [(1, 2), (4, 5)])
def test_another_size_shows_once_the_stream_has_said_what_it_is(threads: int, first: int) -> None:
    decoding = Decoding(threads)
    judged(decoding, "I" + "P" * (first - 1), dict.fromkeys(range(first), RESIZED))
    assert not decoding.resized
    judged(decoding, "PP", {})
    assert not decoding.resized
    judged(decoding, "I", {0: RESIZED})
    assert decoding.resized


def test_only_a_stream_that_one_thread_cannot_decode_is_given_several() -> None:
    threads = [effort.threads for effort in Effort]
    assert threads == [1, os.cpu_count(), 1]


def test_what_c_and_python_print_is_taken_and_not_taken_twice() -> None:
    program = """if True:
        import ctypes, os, sys
        from gate.camera.decoding import Printed
        out = os.dup(1)
        printed = Printed()
        ctypes.CDLL(None).printf(b"one\\n")
        os.write(2, b"two\\n")
        first = printed.new()
        ctypes.CDLL(None).printf(b"three\\n")
        os.write(out, repr((sorted(first.split()), printed.new(), printed.new())).encode())
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode() == repr((["one", "two"], "three\n", ""))
    assert done.stderr == b""
