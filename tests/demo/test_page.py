"""The page of a run: one file with everything in it, in each language."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from gate.demo import liveness, page
from gate.demo.report import ASKED, GRANTED, NOTHING, OUTCOMES, REFUSED, Attempt, RunRecord
from gate.errors import StoreError
from gate.texts.catalogue import LANGUAGES, catalogue, translator
from tests.source import calls, name_of

ANN = Attempt("walks-up", "Ann", True, GRANTED, GRANTED, "Ann", score=12.0, threshold=9.0)
BOB = Attempt("stranger", "Bob", False, REFUSED, GRANTED, "Ann", reason="welcome")
PRINT = Attempt("print", "Ann", True, REFUSED, ASKED, attack="print of Ann", reason="picture")
NOBODY = Attempt("empty", "", False, NOTHING, NOTHING)
RECORD = RunRecord(
    (ANN, BOB, PRINT, NOBODY), frames=300, seconds=12.0, memory=400 << 20, people=7000,
    generated=6998, damaged=2, encoder="dlib/1", detector="hog",
)  # fmt: skip


class Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "iframe")
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]


def section(html: str, language: str) -> str:
    return html.split(f'<section lang="{language}">')[1].split("</section>")[0]


def test_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    film, picture = tmp_path / "film.webp", tmp_path / "run.png"
    for file in (film, picture):
        Image.new("RGB", (8, 8)).save(file)
    page.write_page(RECORD, tmp_path / "deep" / "index.html", film=film, picture=picture)
    html = (tmp_path / "deep" / "index.html").read_text("utf-8")
    found = Addresses()
    found.feed(html)
    assert [address[:16] for address in found.found] == ["data:image/webp;", "data:image/png;b"]
    assert "url(" not in html
    assert "http" not in html


CARDED = replace(ANN, by_card=True, asked_because="liveness_unknown", best="Ann")


@pytest.mark.parametrize(
    ("language", "row", "why", "network"),
    [
        ("en", "2: it could not be established that this was a live face", "drawn from", "net"),
        ("zh", "2 人：无法确认是活体", "录像由静态照片合成", "只有一个模型（net）"),
    ],
)
def test_why_residents_were_asked_for_their_card_is_said_first(
    language: str, row: str, why: str, network: str
) -> None:
    asked = replace(RECORD, attempts=(CARDED, CARDED, *RECORD.attempts), networks=("net",))
    html = section(page.render(asked, film="", picture="x"), language)
    for words in (row, network):
        assert words in html.split("<h2>")[2]
    assert why in html.split("<h2>")[0]
    # with several networks, or when nobody was asked, there is nothing to explain
    for record in (replace(asked, networks=("a", "b")), replace(RECORD, networks=("net",))):
        first = section(page.render(record, film="", picture="x"), language).split("<h2>")[0]
        assert 'class="asked"' not in first


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_networks_mean_is_said_before_and_after_a_run(language: str) -> None:
    _ = translator(language)
    for networks in ((), ("net",)):
        (why,) = liveness.after(5, networks, _)
        assert all("gate models fetch" in words for words in (liveness.before(networks, _), why))
        assert "5" in why
        assert liveness.after(0, networks, _) == []
    assert liveness.before(("one", "two"), _) == ""
    assert liveness.after(5, ("one", "two"), _) == []
    assert liveness.before((), _) != liveness.before(("net",), _)
    _why, measured = liveness.after(5, ("faceplugin-liveness",), _)
    assert "34" in measured
    assert "63" in measured


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_attempt_is_a_row_in_each_language(language: str) -> None:
    html = section(page.render(RECORD, film="", picture="x"), language)
    assert html.count("<tr>") == 1 + len(RECORD.attempts) + html.split("<h2>")[2].count("<tr>")
    for words in ("Ann", "Bob", "7,000", "12.0 / 9.0", "25.0"):
        assert words in html
    assert html.count('class="wrong"') == 1, "the stranger who was let in"


def test_every_sentence_has_its_chinese_and_none_is_left_over() -> None:
    files = (Path(page.__file__), Path(liveness.__file__))
    given = [call.args[0] for f in files for call in calls(f) if name_of(call.func) == "_"]
    said = {str(text.value) for text in given if isinstance(text, ast.Constant)}
    said |= {*OUTCOMES.values()}
    assert len(said) > 30
    assert sorted(text for text in said if text not in catalogue("zh")) == []
    chinese = section(page.render(RECORD, film="", picture="x"), "zh")
    words = re.sub(r"<[^>]*>", " ", chinese)
    allowed = {"Ann", "Bob", "FPIR", "FNIR", "IAPAR", "MB", "hog", "dlib", "walks", "up", "print"}
    allowed |= {"stranger", "empty", "p"}
    allowed |= {"screen", "evidence", "door", "locked", "unlocked"}  # the film's words, explained
    assert {*re.findall(r"[A-Za-z]+", words)} <= allowed


def test_the_recordings_of_the_demonstration_have_chinese_names() -> None:
    recordings = Path(__file__).parents[2] / "fixtures/recordings"
    names = [f"recording {file.stem.replace('-', ' ')}" for file in recordings.glob("*.toml")]
    assert len(names) > 10
    assert [name for name in names if name not in catalogue("zh")] == []


def test_a_page_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written") as caught:
        page.write_page(RECORD, tmp_path / "x.html", film=None, picture=tmp_path / "not-there.jpg")
    assert str(tmp_path / "x.html") in str(caught.value)
