"""What faces learnt from cards are worth, and what somebody else's card can do to them.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.cards [--people 7000] [--part attacks]

Passages are short pieces of NUAA's windows and of the recordings beside them, the sessions are
their days. Residents: each window in turn is held out, the gate learns from the others in random
order, and every frame of the held-out one is a single look, before and after. Attacks: everybody's
card is used by four others twenty times, enrolled or not, alone or mixed with its owner.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import cv2
import numpy as np

from benchmarks import people
from gate.evaluation.faces_in import main_face, measuring_data
from gate.evaluation.interval import percent
from gate.evaluation.synthetic_gallery import generate
from gate.models.settings import ModelsSettings
from gate.recognition import evidence
from gate.recognition.detection.detector import Detector, build_detector
from gate.recognition.encoders import Encoder, build_encoder, encode_faces
from gate.recognition.evidence import Gathered
from gate.recognition.face import Image, Template, Vector
from gate.recognition.learning.rules import (
    Finding,
    Known,
    Look,
    Outcome,
    addition,
    contradicted,
    enrolment,
    resembled,
)
from gate.recognition.learning.settings import LearningSettings
from gate.recognition.matching.gallery import Gallery
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.quality.assessment import judge
from gate.recognition.quality.settings import QualitySettings
from gate.recognition.settings import RecognitionSettings
from research.webcam import windows

TIMES = 20  # passages with the borrowed card
BORROWERS = 4  # of each card
FIRST_DAY = date(2026, 1, 1)
SETTINGS = LearningSettings(enabled=True)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A window: its frames' vectors, float32 (n, d), and the probes of its passages."""

    session: int
    vectors: Vector
    passages: tuple[Look, ...]


@dataclass(slots=True)
class Site:
    """The gate's gallery, and the people who are measured with."""

    matcher: Matcher
    gallery: Gallery
    encoder: Encoder
    pieces: dict[int, list[Piece]]

    def with_(self, person: int, rows: Vector) -> Matcher:
        """The site with one of them enrolled, templates float32 (n, d)."""
        name = self.encoder.name
        self.gallery.replace([person], [Template(person, row, name) for row in rows])
        snapshot = self.gallery.snapshot()
        self.gallery.replace([person], [])
        fit, calibration = self.matcher.centroids.fit, self.matcher.calibration
        return build_matcher(snapshot, fit, calibration, self.matcher, {person})


def pieces_of(
    frames: Iterator[Image],
    session: int,
    length: int,
    detector: Detector,
    encoder: Encoder,
    key: int,
) -> Piece:
    """The usable faces of a window, and its passages of ``length`` frames each."""
    assess = judge(QualitySettings())
    vectors, quality = [], []
    for image in frames:
        face = main_face(image, detector.detect(image))
        if face is None:
            continue
        face = assess(image, face)
        if face.unusable is None:
            vectors.append(encode_faces(encoder, image, [face])[0])
            good = face.quality.overall if face.quality else None
            quality.append(1.0 if good is None else good)
    looks: list[Look] = []
    for start in range(0, len(vectors) - 1, length):
        gathered = Gathered()
        for vector, good in list(zip(vectors, quality, strict=True))[start : start + length]:
            gathered = evidence.gather(gathered, vector, encoder.similarity, good)
        if gathered.frames >= evidence.LOOKS:
            day = FIRST_DAY + timedelta(days=session)
            mean = float(np.mean(quality[start : start + length]))
            looks.append(Look(key + len(looks), gathered.probe, day, mean))
    rows = np.stack(vectors) if vectors else np.zeros((0, encoder.dimension), np.float32)
    return Piece(session, rows, tuple(looks))


def material(detector: Detector, encoder: Encoder, most: int) -> dict[int, list[Piece]]:
    """The windows of everybody: NUAA's people by their number, those of the clips behind them.

    Args:
        most: windows of a person, and times ten frames of a recording, that are used.
    """
    found: dict[int, list[Piece]] = defaultdict(list)
    for window in windows(measuring_data("nuaa") / "live"):
        number = int(window.person)
        if len(found[number]) >= most:
            continue
        key = 1000 * len(found[number])
        session = int(window.session.strip("s"))
        found[number].append(pieces_of(window.frames(), session, 4, detector, encoder, key))
    for number, person in enumerate(sorted(measuring_data("clips").iterdir()), 900):
        for session, clip in enumerate(sorted(person.glob("*.mkv"))[:most]):
            frames = iter(people.frames_of(clip)[::3][: 10 * most])
            key = 1000 * len(found[number])
            found[number].append(pieces_of(frames, session, 10, detector, encoder, key))
    return {number: [p for p in own if p.passages] for number, own in found.items()}


def spread(rows: Vector, count: int = 5) -> Vector:
    """``count`` of the rows, evenly apart, as an enrolment at the desk keeps them."""
    chosen = np.linspace(0, len(rows) - 1, count).round().astype(int)
    return np.asarray(rows[chosen], np.float32)


def missed(matcher: Matcher, rows: Vector, person: int) -> int:
    """How many single looks, float32 (n, d), are not identified as this person."""
    found = matcher.identify(rows, matcher.encoder)
    known = (found.best == person) & (found.score >= matcher.calibration.threshold)
    return int((~known).sum())


def accepted(matcher: Matcher, rows: Vector) -> int:
    """How many looks of people who are not enrolled, float32 (n, d), are accepted as somebody."""
    found = matcher.identify(rows, matcher.encoder)
    return int((found.score >= matcher.calibration.threshold).sum())


def learn(looks: Sequence[Look], matcher: Matcher, person: int) -> tuple[Finding, int]:
    """What comes of looks one after the other, and after how many passages."""
    finding = Finding(Outcome.WAIT)
    for count in range(SETTINGS.passages, len(looks) + 1):
        finding = enrolment(looks[:count], matcher, person, SETTINGS)
        if finding.outcome is Outcome.ENROL:
            return finding, count
    return finding, len(looks)


def add(
    site: Site, first: Vector, looks: Sequence[Look], person: int, *, known: bool = True
) -> tuple[list[Known], Counter[str]]:
    """The templates of somebody enrolled with ``first`` after these passages, and what was refused.

    ``known``: the face has to be identified as theirs too, as at the gate.
    """
    templates = [Known(i, row) for i, row in enumerate(first)]
    matcher = site.with_(person, first)
    said: Counter[str] = Counter()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for look in looks:
        if known and missed(matcher, look.vector[None], person):
            said["not known"] += 1
            continue
        found = addition(look.vector, templates, matcher, person, site.encoder.similarity, SETTINGS)
        said[str(found.refused) if found.refused else "added"] += 1
        if found.refused is None:
            templates = [one for one in templates if one.key != found.drop]
            key = 10 + sum(said.values())
            templates.append(Known(key, look.vector, start + timedelta(days=key)))
            rows = np.stack([one.vector for one in templates])
            matcher = site.with_(person, rows)
    return templates, said


def residents(site: Site, random: np.random.Generator) -> None:
    """Both ways of learning, each window held out in turn."""
    names = ("photographs", "from cards", "photographs and additions")
    wrong: dict[str, Counter[str]] = {name: Counter() for name in names}
    outcomes, needed, said = Counter[str](), [], Counter[str]()
    for person, own in site.pieces.items():
        others = np.concatenate(
            [
                piece.vectors
                for other, all in site.pieces.items()
                if other != person
                for piece in all
            ]
        )
        for held in own:
            rest = [piece for piece in own if piece is not held]
            if len({piece.session for piece in rest}) < 2:
                continue
            elsewhere = [p for p in rest if p.session != held.session] or rest
            first = spread(elsewhere[0].vectors)
            looks = [look for piece in rest for look in piece.passages]
            random.shuffle(looks)
            finding, count = learn(looks, site.matcher, person)
            outcomes[str(finding.outcome)] += 1
            rows = {"photographs": first}
            if finding.outcome is Outcome.ENROL:
                needed.append(count)
                rows["from cards"] = np.stack([x.vector for x in looks if x.key in finding.looks])
            later = [look for p in rest if p is not elsewhere[0] for look in p.passages]
            random.shuffle(later)
            templates, refused = add(site, first, later, person)
            said += refused
            rows["photographs and additions"] = np.stack([one.vector for one in templates])
            for name, templates_of in rows.items():
                matcher = site.with_(person, templates_of)
                tally = wrong[name]
                tally["looks"] += len(held.vectors)
                tally["missed"] += missed(matcher, held.vectors, person)
                probes = np.stack([look.vector for look in held.passages])
                tally["passages"] += len(probes)
                tally["passages missed"] += missed(matcher, probes, person)
                tally["strangers"] += len(others)
                tally["accepted"] += accepted(matcher, others)
    print(
        f"held-out windows: {dict(outcomes)}; passages until enrolled: median"
        f" {np.median(needed) if needed else 0:g}, most {max(needed, default=0)}"
    )
    print(f"additions: {dict(said)}\n")
    print(
        "| enrolled | looks missed | passages missed | strangers' looks accepted |"
        "\n|---|---|---|---|"
    )
    for name, tally in wrong.items():
        cells = (
            percent(tally["missed"], tally["looks"]),
            percent(tally["passages missed"], tally["passages"]),
            percent(tally["accepted"], tally["strangers"]),
        )
        print(f"| {name} | {' | '.join(cells)} |")


def pairs(numbers: Sequence[int], random: np.random.Generator) -> list[tuple[int, int]]:
    """Every owner with ``BORROWERS`` others."""
    return [
        (owner, int(other))
        for owner in numbers
        for other in random.permutation([n for n in numbers if n != owner])[:BORROWERS]
    ]


def attacks(site: Site, random: np.random.Generator) -> None:
    """Everybody's card in other hands."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for owner, borrower in pairs(list(site.pieces), random):
        theirs = [look for piece in site.pieces[borrower] for look in piece.passages]
        shown = [theirs[i % len(theirs)] for i in random.permutation(max(TIMES, len(theirs)))]
        shown = [
            replace(look, key=i, day=FIRST_DAY + timedelta(days=i % 4))
            for i, look in enumerate(shown[:TIMES])
        ]
        own = [look for piece in site.pieces[owner] for look in piece.passages]
        random.shuffle(own)
        own = [replace(look, key=100 + i) for i, look in enumerate(own)]
        # the borrower alone, whom nobody knows
        finding, _ = learn(shown, site.matcher, owner)
        said["alone, not enrolled"][str(finding.outcome)] += 1
        if finding.outcome is Outcome.ENROL:
            learnt = np.stack([look.vector for look in shown if look.key in finding.looks])
            matcher = site.with_(owner, learnt)
            undone = contradicted(own[:2], learnt, matcher, owner)
            said["then the owner twice"]["withdrawn" if undone else "kept"] += 1
        # the borrower, whom the gate knows
        known = site.with_(borrower, spread(site.pieces[borrower][0].vectors))
        kept = [look for look in shown if resembled(look.vector, known, owner) is None]
        finding, _ = learn(kept, known, owner)
        said["alone, enrolled"][str(finding.outcome)] += 1
        # mixed with the owner, who comes first, last or in between
        for share in (1, 2, 4):
            mixed = [*shown[: 2 * share], *own[:share], *shown[2 * share : TIMES - share]]
            finding, _ = learn(mixed, site.matcher, owner)
            said[f"mixed, owner {share} of {len(mixed)}"][str(finding.outcome)] += 1
        # the owner is enrolled, the borrower is not
        first = spread(site.pieces[owner][0].vectors)
        for known_too, name in ((True, "as the gate does"), (False, "card alone")):
            _, refused = add(site, first, shown, owner, known=known_too)
            said[f"additions to an enrolled owner, {name}"] += refused
    print("\n| attack | came of it |\n|---|---|")
    for name, counts in said.items():
        total = sum(counts.values())
        print(f"| {name} | {', '.join(f'{k}: {percent(n, total)}' for k, n in counts.items())} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", default="auto")
    parser.add_argument("--people", type=int, default=7000)
    parser.add_argument("--fpir", type=float, default=0.01)
    parser.add_argument("--most", type=int, default=100, help="windows of a person")
    parser.add_argument("--part", choices=("residents", "attacks", "both"), default="both")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    settings = RecognitionSettings(encoder=options.encoder)
    detector = build_detector(settings, ModelsSettings())
    encoder = build_encoder(settings, ModelsSettings())
    pieces = material(detector, encoder, options.most)
    matcher = people.site(generate(options.people, encoder.name), encoder, options.fpir)
    snapshot = matcher.centroids.gallery
    gallery = Gallery(encoder.name, encoder.dimension)
    gallery.add(
        Template(int(person), row, encoder.name)
        for person, row in zip(snapshot.owners, snapshot.rows, strict=True)
    )
    site = Site(matcher, gallery, encoder, pieces)
    print(
        f"{detector.name}, {encoder.name}; {len(pieces)} people, {options.people:,} generated ones"
        f" enrolled, FPIR {options.fpir:g}"
    )
    if options.part != "attacks":
        residents(site, np.random.default_rng(0))
    if options.part != "residents":
        attacks(site, np.random.default_rng(1))


if __name__ == "__main__":
    main()
