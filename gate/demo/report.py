"""What a replay of recordings came to: figures, and a table of them for the terminal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from gate.access.policy import NOT_LIVE
from gate.demo.liveness import named
from gate.evaluation.interval import wilson
from gate.recognition.face import Image
from gate.texts.catalogue import Translate, translator, word

GRANTED, REFUSED, ASKED, NOTHING = "granted", "refused", "asked", "nothing"
# as they are said in a table
OUTCOMES = {
    GRANTED: "granted",
    REFUSED: "refused",
    ASKED: "asked for a card",
    NOTHING: "no passage",
}
STYLES = {GRANTED: "green", REFUSED: "red", ASKED: "yellow", NOTHING: "dim"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A face in the picture of an attempt.

    Attributes:
        box: left, top, right, bottom in pixels of the picture's frame.
        label: what is shown above it: the name recognised, or e.g. "unknown".
        outcome: one of GRANTED, REFUSED, ASKED, NOTHING: the colour.
    """

    box: tuple[float, float, float, float]
    label: str
    outcome: str = NOTHING


@dataclass(frozen=True, slots=True)
class Attempt:
    """One person (or attack) before the gate: what was true, and what the gate did.

    Attributes:
        recording: name of the recording.
        person: who it was, as the truth says; "" when nobody was there.
        enrolled: whether that person is enrolled.
        expected: what the gate should do: GRANTED, REFUSED or NOTHING.
        outcome: what it did: GRANTED, REFUSED, ASKED (for a card) or NOTHING.
        recognised: the name of the person identified, "" for nobody.
        by_card: whether a card opened, after the face alone did not.
        asked_because: the first reason for which the face alone did not open, where a card was
            asked for.
        best: whom the face was most like when the card was asked for, "" for nobody.
        attack: what was held up, "" for a living face.
        reason: the decision's first reason.
        score, threshold: of the best candidate, in the units of the decision.
        latency: seconds from the capture of the deciding frame to the relay's command.
        door: the door's state after the decision, e.g. "unlocked 5 s".
        second: seconds from the beginning of the recording to the decision.
        image: the deciding frame, BGR uint8 (H, W, 3); without one it is not in the picture.
        marks: the faces of that frame.
    """

    recording: str
    person: str
    enrolled: bool
    expected: str
    outcome: str
    recognised: str = ""
    by_card: bool = False
    asked_because: str = ""
    best: str = ""
    attack: str = ""
    reason: str = ""
    score: float | None = None
    threshold: float | None = None
    latency: float | None = None
    door: str = "locked"
    second: float | None = None
    image: Image | None = None
    marks: tuple[Mark, ...] = ()

    @property
    def as_expected(self) -> bool:
        # a doubtful stranger who is asked for a card has not got in
        kept_out = self.expected == REFUSED and self.outcome in (REFUSED, ASKED, NOTHING)
        right = self.outcome == GRANTED and self.recognised == self.person
        return kept_out or (right if self.expected == GRANTED else self.outcome == self.expected)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A whole run.

    Attributes:
        attempts: in the order in which they happened.
        frames, damaged: frames replayed, and those of them that could not be decoded.
        seconds: how long the replay took on the wall clock.
        work: processor seconds of all cores together.
        memory: the process's greatest resident memory, bytes.
        people, generated: people enrolled, and how many of them are generated.
        encoder, detector: their names.
        networks: the liveness networks that are asked.
    """

    attempts: tuple[Attempt, ...]
    frames: int
    seconds: float
    memory: int
    people: int
    generated: int = 0
    damaged: int = 0
    work: float = 0.0
    encoder: str = ""
    detector: str = ""
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` of ``total``, with the 95 % interval of Wilson (1927)."""

    count: int
    total: int

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.count, self.total)

    def said(self, _: Translate) -> str:
        """Count, share and interval in the language of ``_``."""
        if self.total == 0:
            return _("none came")
        low, high = self.interval
        return _(
            "{count} of {total} = {share} % (95 %: {low} to {high} %)",
            count=self.count,
            total=self.total,
            share=f"{100 * self.count / self.total:.1f}",
            low=f"{100 * low:.1f}",
            high=f"{100 * high:.1f}",
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """What ``figures`` computes; terms of ISO/IEC 19795-1 and 30107-3.

    Attributes:
        granted, kept_out: people (not attacks) that were let in, and that were not.
        fpir: living strangers for whom somebody was identified, of all who came.
        by_card: of those granted, whom a card let in.
        fnir: enrolled people who came to pass and were not let in as themselves by their face.
        not_by_face: why, of those whose face was most like themselves and who were asked for a
            card: reason and how many, commonest first. The rest of ``fnir`` was not recognised.
        strangers_granted: strangers that the door opened for.
        iapar: attacks the door opened for (impostor attack presentation accept rate).
        latency: p50, p95, p99 in seconds; None without a grant.
    """

    granted: int
    by_card: int
    kept_out: int
    fpir: Rate
    fnir: Rate
    not_by_face: tuple[tuple[str, int], ...]
    strangers_granted: int
    iapar: Rate
    latency: tuple[float, float, float] | None
    unexpected: int

    @property
    def not_held_live(self) -> int:
        """Residents who were recognised and asked for a card: nothing showed that they live."""
        return dict(self.not_by_face).get(NOT_LIVE, 0)


def figures(record: RunRecord) -> Figures:
    """The figures of a run."""
    living = [a for a in record.attempts if a.person and not a.attack]
    came = [a for a in living if a.expected != NOTHING]
    strangers = [a for a in came if not a.enrolled]
    mated = [a for a in came if a.enrolled]
    attacks = [a for a in record.attempts if a.attack]
    waits = [a.latency for a in record.attempts if a.latency is not None]
    asked = Counter(a.asked_because for a in mated if a.asked_because and a.best == a.person)
    quantiles = np.percentile(waits, (50, 95, 99)) if waits else None
    return Figures(
        granted=sum(a.outcome == GRANTED for a in living),
        by_card=sum(a.by_card for a in living),
        kept_out=sum(a.outcome != GRANTED for a in came),
        fpir=Rate(sum(bool(a.recognised) for a in strangers), len(strangers)),
        fnir=Rate(sum(a.by_card or a.recognised != a.person for a in mated), len(mated)),
        not_by_face=tuple(asked.most_common()),
        strangers_granted=sum(a.outcome == GRANTED for a in strangers),
        iapar=Rate(sum(a.outcome == GRANTED for a in attacks), len(attacks)),
        latency=None
        if quantiles is None
        else (float(quantiles[0]), float(quantiles[1]), float(quantiles[2])),
        unexpected=sum(not a.as_expected for a in record.attempts),
    )


def report(record: RunRecord, language: str = "en") -> Group:
    """Both tables, to be printed by rich: each attempt, then the figures of the run."""
    shown = _figures(record, figures(record), language)
    return Group(_attempts(record, language), Text(), shown)


def _attempts(record: RunRecord, language: str) -> Table:
    _ = translator(language)
    # 80 columns: the padding at the edges and the words between hyphens are what can give way
    table = Table(
        title=_("Who came to the gate"),
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    for heading in (_("recording"), _("who"), _("outcome")):
        table.add_column(heading)
    for heading in (_("score"), _("ms")):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column(_("right"), no_wrap=True)
    for a in record.attempts:
        who = a.person or _("nobody")
        if a.attack:
            who = a.attack if language == "en" else _("a print held up")
        elif a.person and not a.enrolled:
            who = _("{name}, stranger", name=a.person)
        outcome = _(OUTCOMES[a.outcome])
        if a.recognised and a.recognised != (a.attack or a.person):
            outcome = _("{outcome} as {name}", outcome=outcome, name=a.recognised)
        if a.by_card:
            outcome = _("{outcome}, by card", outcome=outcome)
        table.add_row(
            word("recording", a.recording.replace("-", " "), language),
            who,
            Text(outcome, style=STYLES[a.outcome]),
            score_text(a).replace(" ", "") or "–",
            "–" if a.latency is None else f"{1000 * a.latency:.0f}",
            Text(_("yes"), style="green") if a.as_expected else Text(_("NO"), style="bold red"),
        )
    return table


def _figures(record: RunRecord, f: Figures, language: str) -> Table:
    _ = translator(language)
    table = Table(
        title=_("The run"), title_justify="left", show_header=False, box=SIMPLE_HEAD, pad_edge=False
    )
    table.add_column()
    table.add_column()
    real = record.people - record.generated
    latency = _("no grant")
    if f.latency is not None:
        latency = " / ".join(f"{1000 * x:.0f}" for x in f.latency) + " ms"
    rows = [
        (
            _("people enrolled"),
            _(
                "{people} ({real} real, {generated} generated)",
                people=f"{record.people:,}",
                real=f"{real:,}",
                generated=f"{record.generated:,}",
            ),
        ),
        (
            _("people granted"),
            _(
                "{granted}, of them by card {by_card}, strangers {strangers}",
                granted=f.granted,
                by_card=f.by_card,
                strangers=f.strangers_granted,
            ),
        ),
        (_("kept out, or asked for a card"), str(f.kept_out)),
        (_("FPIR (impostors accepted)"), f.fpir.said(_)),
        (_("FNIR (residents not let in)"), f.fnir.said(_)),
        (_("  recognised, asked for a card"), _asked(f, language)),
        (_("attacks that opened the door"), f.iapar.said(_)),
        (_("frame to relay, p50 / p95 / p99"), latency),
        (
            _("frames"),
            _("{frames}, {damaged} damaged", frames=f"{record.frames:,}", damaged=record.damaged),
        ),
        (_("frames a second"), _frame_rate(record, _)),
        (_("memory"), f"{record.memory / 2**20:.0f} MB"),
        (_("detector, encoder"), f"{record.detector or '–'}, {record.encoder or '–'}"),
        (_("liveness"), named(record.networks, _)),
    ]
    for row in rows:
        table.add_row(*row)
    return table


def _asked(f: Figures, language: str) -> str:
    """Why a face that was recognised did not open: "5: liveness unknown 5"."""
    if not f.not_by_face:
        return "0"
    if language != "en":
        _ = translator(language)
        said = ((word("why", reason, language), n) for reason, n in f.not_by_face)
        return ", ".join(_("{count}: {reason}", count=n, reason=reason) for reason, n in said)
    reasons = ", ".join(f"{reason.replace('_', ' ')} {n}" for reason, n in f.not_by_face)
    return f"{sum(n for _, n in f.not_by_face)}: {reasons}"


def _frame_rate(record: RunRecord, _: Translate) -> str:
    if not record.seconds:
        return "–"
    rate = f"{record.frames / record.seconds:.1f}"
    # what one core would do if nothing else ran: the other figure is of a machine as busy as it is
    if not record.work:
        return rate
    alone = f"{record.frames / record.work:.1f}"
    return _("{rate}; {alone} a core second", rate=rate, alone=alone)


def score_text(attempt: Attempt) -> str:
    """Score and threshold as they are shown; "" without a score."""
    if attempt.score is None:
        return ""
    if attempt.threshold is None:
        return f"{attempt.score:.1f}"
    return f"{attempt.score:.1f} / {attempt.threshold:.1f}"
