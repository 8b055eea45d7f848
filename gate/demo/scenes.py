"""The demonstration: recorded people walk up to a gate with 7,000 enrolled.

Real people are enrolled from photographs; the others are generated templates, labelled as such in
the register and spread like real ones.
"""

from __future__ import annotations

import csv
import resource
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gate.clock import ManualClock
from gate.config.settings import Settings
from gate.daemon.build import Core, build_core, open_doorway
from gate.daemon.journal import Recorder
from gate.demo.attempts import attempts_of, titled
from gate.demo.film import Film
from gate.demo.replay import Played, Replay
from gate.demo.report import RunRecord
from gate.errors import CameraError
from gate.evaluation.synthetic_gallery import LABEL, generate_templates
from gate.recognition.liveness.assessment import networks
from gate.recognition.quality.assessment import judge
from gate.services.enrolment import Examiner, keep
from gate.services.image_decode import decode
from gate.services.rule_set import build_context
from gate.store.store import Store

PEOPLE = 7000
CHUNK = 1000
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scene:
    """A recording and what is true of it, from the file beside it."""

    path: Path
    fps: float
    truth: dict[str, Any]


def scenes(folder: Path) -> list[Scene]:
    """The recordings of a folder that have a truth file beside them, by name."""
    found = []
    for file in sorted(folder.glob("*.toml")):
        truth = tomllib.loads(file.read_text("utf-8"))
        found.append(Scene(folder / truth["recording"], float(truth["fps"]), truth))
    if not found:
        raise CameraError(
            "the folder holds no recordings with their truth",
            where=str(folder),
            hint="make them with `python -m fixtures.make_recordings`",
        )
    return found


def enrol_photographs(store: Store, examiner: Examiner, folder: Path) -> int:
    """The people of ``people.csv``; several rows of one name are several photographs of one."""
    shots: dict[str, list[Any]] = {}
    with (folder / "people.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            file = folder / row["photo"]
            shots.setdefault(row["name"], []).append(
                examiner.shot(decode(file.read_bytes(), file.name))
            )
    for name, own in shots.items():
        person = store.people.create(name)
        store.consents.record(person.id, "agreed", "demonstration")
        keep(store, person.id, own)
    return len(shots)


def fill(store: Store, encoder: str, count: int) -> None:
    """``count`` people who do not exist, with one generated template each."""
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        names = [{"name": f"{LABEL} {start + k + 1:05}"} for k in range(size)]
        people = store.people.create_many(names)
        made = generate_templates(0, size, encoder, seed=start)
        store.templates.add(
            *(
                type(t)(person, t.vector, t.encoder, t.quality, t.label)
                for person, t in zip(people, made, strict=True)
            )
        )


def prepare(
    settings: Settings,
    store: Store,
    clock: ManualClock,
    enrolled: Path,
    say: Say,
    recorder: Recorder | None = None,
) -> Core:
    """A core whose register holds PEOPLE people, made now if the store is new."""
    core = build_core(settings, store, clock, open_doorway(settings, clock), recorder=recorder)
    if store.people.count() < PEOPLE:
        examiner = Examiner(core.detector, [core.encoder], judge(settings.quality, enrolment=True))
        real = enrol_photographs(store, examiner, enrolled)
        say(f"enrolled {real} people from photographs")
        fill(store, core.encoder.name, PEOPLE - store.people.count())
        say(f"filled up to {PEOPLE:,} with generated templates, spread like real ones")
    core.known.matcher()
    core.known.relearn()
    matcher = core.recogniser.matcher = core.known.matcher()
    calibration = matcher.calibration
    say(
        f"fitted and calibrated on {calibration.people:,} people: a stranger reaches "
        f"{calibration.threshold:.2f} "
        f"with probability {100 * calibration.fpir:g} %"
    )
    core.loop.handle(build_context(settings, store))
    return core


def holders(truth: Mapping[str, Any]) -> frozenset[str]:
    """The names of the residents of a recording who mean to pass: they have their cards."""
    return frozenset(
        titled(person["person"])
        for person in truth.get("people", ())
        if person["enrolled"] and person["expected"] == "grant"
    )


def run(
    core: Core,
    clock: ManualClock,
    recordings: list[Scene],
    *,
    paced: bool = False,
    film: Film | None = None,
) -> RunRecord:
    """Play every recording through the core; the door is at rest before and after."""
    core.start()
    replay = Replay(core, clock, paced=paced, watch=film.watch if film else None)
    began, work = time.perf_counter(), time.process_time()
    played: list[tuple[Scene, Played]] = []
    for scene in recordings:
        if film is not None:
            film.begin(scene.path.stem)
        played.append((scene, replay.play(scene.path, scene.fps, cards=holders(scene.truth))))
        # the next one comes when a face alone is enough again: a stranger may be seen as an attack
        clock.advance(core.settings.access.passage.after_attack)
    seconds, work = time.perf_counter() - began, time.process_time() - work
    core.loop.stop()
    names = {id: person.name for id, person in core.loop.context.people.items()}
    return RunRecord(
        attempts=tuple(a for s, p in played for a in attempts_of(s.truth, p, names)),
        frames=sum(p.frames for _, p in played),
        damaged=sum(len(p.damaged) for _, p in played),
        seconds=seconds,
        work=work,
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        people=core.known.matcher().people,
        generated=sum(name.startswith(LABEL) for name in names.values()),
        encoder=core.encoder.name,
        detector=core.detector.name,
        networks=networks(core.settings.models),
    )


def demo_clock() -> ManualClock:
    """Starts now: events carry today's date, decisions depend on the recordings alone."""
    began = 1000.0
    return ManualClock(now=began, start=datetime.now(UTC) - timedelta(seconds=began))
