"""The whole evaluation on made-up vectors: figures, page, JSON."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from gate.evaluation import report, study
from gate.evaluation.baselines import gallery_of
from gate.evaluation.on_site import on_site
from gate.evaluation.protocols import Trial
from gate.recognition.matching.scoring import unit

pytestmark = pytest.mark.slow

ENCODER, WIDTH = "retail-0095/fp16", 64


def made_up(counts: list[int]) -> tuple[np.ndarray, tuple[str, ...]]:
    random = np.random.default_rng(0)
    rows, labels = [], []
    for number, count in enumerate(counts):
        middle = random.normal(size=WIDTH)
        rows += [middle + 0.5 * random.normal(size=WIDTH) for _ in range(count)]
        labels += [f"{'group' if number % 2 else 'other'} {number}"] * count
    return unit(np.array(rows, np.float32)), tuple(labels)


@pytest.fixture(scope="module")
def results() -> dict[str, object]:
    vectors, labels = made_up([12, 13] * 12 + [1, 2] * 60 + [6, 7] * 20)
    numbered = tuple(range(len(labels) - 40, len(labels)))
    labels = labels[:-40] + tuple(f"#{row}" for row in numbered)
    members = frozenset(label for label in labels if label.startswith("group"))
    old = {"old": frozenset(labels[row] for row in numbered)}
    people = study.People(labels, {"<group>": members}, "<group>", numbered, old)
    rows = []
    for trial in study.trials(people, [True] * len(labels)):
        for way in ("plain", "site"):
            rows += study.rows_of(vectors, trial, ENCODER, people, way=way)
    part = {"rows": rows, "pairs": None, "photos": len(labels), "missing": 3}
    return {"data": "made up", "encoders": {"e": part}}


@pytest.mark.slow
def test_every_protocol_and_group_has_its_row(results: dict) -> None:
    rows = results["encoders"]["e"]["rows"]
    assert {row.trial for row in rows} >= {"b", "c", "d", "e"}
    assert {row.part for row in rows} == {"all", "choose", "report"}
    assert {row.group for row in rows} == {"everybody", "<group>", "old"}
    for row in rows:
        if row.group == "old":
            assert row.trial.startswith("e")
            assert 0 < row.impostors <= 40


def test_clear_faces_are_all_found(results: dict) -> None:
    for row in results["encoders"]["e"]["rows"]:
        if row.trial == "c":
            assert row.rank_one == pytest.approx(1)
            assert row.fnir[0.01].value == 0


def test_what_was_asked_stands_beside_what_came_out(results: dict) -> None:
    for row in results["encoders"]["e"]["rows"]:
        assert (set(row.out) == {0.01, 0.003}) == (row.way == "site")


def test_json_holds_every_figure(results: dict) -> None:
    again = json.loads(json.dumps(report.as_json(results)))
    rows = again["encoders"]["e"]["rows"]
    assert len(rows) == len(results["encoders"]["e"]["rows"])
    assert set(rows[0]["fnir"]["0.01"]) == {"value", "low", "high"}
    assert "outcome" not in rows[0]


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_needs_nothing_else(results: dict) -> None:
    text = report.page(results)
    page = Page()
    page.feed(text)
    assert page.fetched == []
    assert "script" not in page.tags
    assert page.tags.count("svg") >= 8
    assert "&lt;group&gt;" in text
    assert "nan" not in text


def test_the_page_is_in_the_language_that_is_asked_for(results: dict) -> None:
    text = report.page(results, "zh")
    assert "<html lang=zh>" in text
    assert "<h1>识别率实测</h1>" in text
    shown = re.sub(r"(?s)<style>.*?</style>|<[^>]*>", " ", text)
    for known in ("face_recognition", "&lt;group&gt;", "plain", "site", "made up"):
        shown = shown.replace(known, " ")
    assert re.findall(r"[a-z]{3,} [a-z]{2,}", shown) == []
    assert "<html lang=en>" in report.page(results)
    assert "Strangers with the highest scores" in report.page(results)


@pytest.mark.slow
def test_a_site_measures_itself() -> None:
    vectors, labels = made_up([3] * 80)
    people = study.People(labels, {})
    trial = study.trials(people, [True] * len(labels), "b")
    assert trial == []  # nobody has a single photograph: no impostors
    rows = tuple((f"p{i}", (3 * i, 3 * i + 1, 3 * i + 2)) for i in range(80))
    gallery = gallery_of(vectors, Trial("x", "", rows, (), ()), ENCODER)
    figures = on_site(gallery)
    assert figures["people"] == 80
    assert figures["out"][0.01].value <= 0.05
    assert figures["fnir"][0.01].value <= 0.05


def test_verification_in_ten_folds() -> None:
    vectors, labels = made_up([2] * 100)
    row_of = {f"{label}_{i % 2}": i for i, label in enumerate(labels)}
    names = list(row_of)
    pairs = [(names[2 * i], names[2 * i + 1], True) for i in range(100)]
    pairs += [(names[2 * i], names[(2 * i + 7) % 200], False) for i in range(100)]
    rate = study.verification(vectors, row_of, pairs)
    assert rate is not None
    assert rate.value > 0.97
    assert study.verification(vectors, row_of, [("x", "y", True)]) is None
