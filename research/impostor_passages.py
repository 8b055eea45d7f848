"""Impostors by the look and by the passage: ``python -m research.impostor_passages``.

    GATE_LFW_DIR=… GATE_MODELS_DIR=… python -m research.impostor_passages [--most 6]

The people and folds of ``research.many_people``. Each East Asian impostor (East Asian names of LFW,
and UTKFace) is matched with one look at their first photograph, and then passes the gate with it:
six frames of somebody who stands there (moved, with noise and compressed again each time), and
of East Asian names also the eight of a walk-up (``research.walkups``), encoded, weighted and judged
as the gate does it. Counted is who is known at any look from the second on, by the FPIR requested.
Liveness is left out: it can only keep somebody out. People with several photographs also come with
those of different days as the looks of one passage. Residents of the same groups come with their
last photograph, which is not enrolled, so that what strictness costs is seen too.
"""

from __future__ import annotations

import argparse
import pickle
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from gate.evaluation.baselines import gallery_of
from gate.evaluation.interval import percent
from gate.evaluation.photos import Photo
from gate.evaluation.protocols import Trial, by_person
from gate.models.settings import ModelsSettings
from gate.recognition import evidence
from gate.recognition.detection.detector import build_detector
from gate.recognition.encoders import Encoder
from gate.recognition.encoders.encoder import SimilarityStatistics
from gate.recognition.evidence import Gathered
from gate.recognition.face import Image, Vector, Verdict
from gate.recognition.matching.matcher import Matcher, build_matcher
from gate.recognition.matching.site_calibration import learn_site
from gate.recognition.settings import RecognitionSettings
from research.looks import FNIR, FPIRS, known_at
from research.many_people import fold_of
from research.photographs import add_options, chosen
from research.walkups import Eye, Frames, WalkUp, walk_up

LOOKS = 6
FOLDS = 5
ONE, STANDS, WALKS, DAYS = "one look", "stands there", "walks up", "photographs of several days"


def standing(image: Image, random: np.random.Generator) -> Iterator[Image]:
    """Frames, uint8 (H, W, 3), of somebody who stands in good light and hardly moves."""
    height, width = image.shape[:2]
    for _ in range(LOOKS):
        scale = random.uniform(0.93, 1.0)
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), random.normal(0, 1.5), scale)
        turn[:, 2] = turn[:, 2] + random.normal(0, 1.5, 2)
        moved = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        lit = moved.astype(np.float64) * random.uniform(0.95, 1.05)
        noisy = lit + random.normal(0, 2, lit.shape)
        jpeg = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(80, 93))]
        _, sent = cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8), jpeg)
        yield np.asarray(cv2.imdecode(sent, cv2.IMREAD_COLOR), np.uint8)


def verdicts(
    walk: WalkUp, matcher: Matcher, similarity: SimilarityStatistics, fpir: float
) -> tuple[int, int]:
    """The look at which somebody is known, 1…, and who; (0, -1) for nobody."""
    calibration = matcher.calibration
    needed = calibration.llr(calibration.threshold_at(evidence.SHARE * fpir))
    terms = evidence.terms_for(float(needed), FNIR, patience=float("inf"))
    gathered = Gathered()
    for vector, quality in zip(walk.vectors, walk.qualities, strict=True):
        gathered = evidence.gather(gathered, vector, similarity, quality)
        if gathered.strange:
            continue
        found = matcher.identify(gathered.probe[None], matcher.encoder)
        photographs = evidence.effective(gathered, similarity)
        first, second = (
            evidence.sharpened(float(calibration.llr(score.astype(np.float64))[0]), photographs)
            for score in (found.score, found.second_score)
        )
        verdict = evidence.judge(terms, first, second, gathered.frames, 0.0)
        if verdict is Verdict.KNOWN:
            return gathered.frames, int(found.best[0])
    return 0, -1


@dataclass
class Counted:
    """Who of a group did what, by the FPIR requested: hits (rates,), of so many."""

    hits: list[int] = field(default_factory=lambda: [0] * len(FPIRS))
    of: int = 0

    def add(self, happened: Sequence[bool]) -> None:
        self.of += 1
        self.hits = [hit + one for hit, one in zip(self.hits, happened, strict=True)]

    def __str__(self) -> str:
        return " | ".join(percent(hit, self.of) for hit in self.hits)


def followed(
    eye: Eye, wanted: dict[str, Photo], frames: Frames, keep: Path | None, name: str
) -> dict[str, WalkUp]:
    """What the gate encodes of each person's photograph, of those with two usable looks.

    Args:
        keep: folder in which the vectors are kept, or from which they are taken.
        name: of the file there.
    """
    file = None if keep is None else keep / f"passages {name}.pkl"
    done: dict[str, WalkUp] = {}
    if file is not None and file.is_file():
        done = pickle.loads(file.read_bytes())
    for number, (person, photo) in enumerate(track(wanted.items(), name, transient=True)):
        if person not in done:
            done[person] = eye.follow(photo, np.random.default_rng([7, number]), frames)
    if file is not None:
        file.write_bytes(pickle.dumps(done))
    return {p: walk for p, walk in done.items() if len(walk.vectors) >= evidence.LOOKS}


@dataclass(frozen=True, slots=True, eq=False)
class Comers:
    """Who comes to the gates.

    Attributes:
        vectors: float32 (photographs, d), unit rows.
        people: rows of each person.
        impostors: of each way to come, everybody's passage.
        residents: everybody's passage with their last photograph.
    """

    vectors: Vector
    people: dict[str, list[int]]
    impostors: dict[str, dict[str, WalkUp]]
    residents: dict[str, WalkUp]


class Gate:
    """One fold's gallery, learnt as the gate does it."""

    def __init__(self, comers: Comers, trial: Trial, encoder: Encoder) -> None:
        self.comers, self.trial, self.encoder = comers, trial, encoder
        snapshot = gallery_of(comers.vectors, trial, encoder.name)
        self.matcher = build_matcher(snapshot, *learn_site(snapshot, made=""))
        self.limits = [self.matcher.calibration.threshold_at(fpir) for fpir in FPIRS]
        self.place = {person: number for number, (person, _) in enumerate(trial.gallery)}

    def look(self, row: int) -> tuple[int, float]:
        """Who one photograph is matched as, and the score."""
        found = self.matcher.identify(self.comers.vectors[row][None], self.encoder.name)
        return int(found.best[0]), float(found.score[0])

    def passage(self, walk: WalkUp) -> list[tuple[int, int]]:
        """``verdicts`` for each FPIR requested."""
        return [verdicts(walk, self.matcher, self.encoder.similarity, fpir) for fpir in FPIRS]

    def impostor(self, person: str) -> dict[str, list[bool]]:
        """Whether they are let in at each FPIR requested, by the way they come; says who was."""
        rows = self.comers.people[person]
        best, score = self.look(rows[0])
        let_in = {ONE: [score > limit for limit in self.limits]}
        for way, walks in self.comers.impostors.items():
            if person in walks:
                let_in[way] = [look > 0 for look, _ in self.passage(walks[person])]
        if len(rows) > 1:
            days = (person, tuple(rows[:LOOKS]))
            let_in[DAYS] = [
                known_at(self.comers.vectors, days, self.matcher, self.encoder.similarity, f)[0] > 0
                for f in FPIRS
            ]
        if not person.startswith("#") and any(any(each) for each in let_in.values()):
            who, templates = self.trial.gallery[best]
            print(
                f"    {person} matched as {who} ({len(templates)} templates): score {score:.3f}, "
                f"thresholds {', '.join(f'{limit:.3f}' for limit in self.limits)}; let in: {let_in}"
            )
        return let_in

    def resident(self, person: str) -> dict[str, list[bool]]:
        """Whether they are missed at each FPIR requested, by the way they come."""
        own = self.place[person]
        best, score = self.look(self.comers.people[person][-1])
        seen = self.passage(self.comers.residents[person])
        return {
            ONE: [best != own or score <= limit for limit in self.limits],
            STANDS: [who != own for _, who in seen],
        }


def play(comers: Comers, groups: dict[str, frozenset[str]], encoder: Encoder, most: int) -> None:
    """All folds with up to ``most`` templates of each person; prints what came of them."""
    listed = list(comers.people)
    order = np.random.default_rng(0).permutation(len(listed))
    counted: dict[tuple[str, str], Counted] = defaultdict(Counted)
    for fold in range(FOLDS):
        outside = frozenset(listed[at] for at in order[fold::FOLDS])
        gate = Gate(comers, fold_of(comers.people, outside, most, 1), encoder)
        print(f"  fold {fold + 1}: {len(gate.trial.gallery)} enrolled", flush=True)
        for group, members in groups.items():
            for person in (person for person in listed if person in members):
                if person in outside:
                    what, happened = "impostors let in", gate.impostor(person)
                elif person in comers.residents:
                    what, happened = "residents missed", gate.resident(person)
                else:
                    continue
                for way, each in happened.items():
                    counted[group, f"{what}, {way}"].add(each)
    for (group, what), count in sorted(counted.items()):
        print(f"  {group}, {what}: {count}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--templates", type=int, nargs="*", default=(1, 5))
    parser.add_argument("--keep", type=Path, help="folder for the frames' vectors")
    options = parser.parse_args()
    photographs = chosen(options)
    data, found, encoder = photographs.data, photographs.found, photographs.encoder
    labels = [photo.person for photo in data.merged]
    people = by_person(labels, [row for row in range(len(labels)) if found[row]])
    names = frozenset(data.groups[data.one_group]) & frozenset(people)
    numbered = frozenset(person for person in people if person.startswith("#"))
    files = [*data.named, *data.numbered]
    some = {person: rows for person, rows in people.items() if person in names | numbered}
    first = {person: files[rows[0]] for person, rows in some.items()}
    last = {person: files[rows[-1]] for person, rows in some.items() if len(rows) > 1}
    walkers = {person: photo for person, photo in first.items() if person in names}
    eye = Eye(build_detector(RecognitionSettings(min_face=40), ModelsSettings()), encoder)
    comers = Comers(
        photographs.vectors,
        people,
        {
            STANDS: followed(eye, first, standing, options.keep, STANDS),
            WALKS: followed(eye, walkers, walk_up, options.keep, WALKS),
        },
        followed(eye, last, standing, options.keep, "residents"),
    )
    groups = {"East Asian names": names, "UTKFace": numbered}
    print(f"{encoder.name}: {len(people)} people, {FOLDS} folds; {len(names)} East Asian names,")
    print(f"{len(numbered)} people of UTKFace; at FPIR 1, 0.3 and 0.1 % requested")
    for templates in options.templates:
        print(f"\nup to {templates} templates of each:")
        play(comers, groups, encoder, templates)


if __name__ == "__main__":
    main()
