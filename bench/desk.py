"""Pages of the desk with 7,000 people and 1,000,000 events, and the rate of an import.

    python -m bench.desk [--people 7000] [--events 1000000] [--photos 200]

Prints p50 and p95 of each page over 40 requests, and people a second of imports without and with
photographs (one real photograph, altered a little for each person).
"""

from __future__ import annotations

import argparse
import re
import resource
import statistics
import tempfile
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import cv2
import numpy as np
from fastapi.testclient import TestClient
from sqlalchemy import insert

from enroll.app import create_app
from enroll.desk import Desk
from enroll.faces import Faces
from enroll.rights import Role
from gate.desk_settings import DeskSettings
from gate.enrolment import Examiner
from gate.importing.photos import NoPhotos, Photos, ZipPhotos
from gate.importing.run import run
from gate.importing.table import Line
from gate.known_faces import KnownFaces
from gate.recognition.detect import HogDetector
from gate.recognition.encoders.dlib_onnx import DlibEncoder
from gate.recognition.face import Template
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import EventRow, ImportRow, SequenceRow

PHOTOGRAPH = Path(__file__).parent.parent / "fixtures" / "photographs" / "eileen-collins.jpg"
PASSWORD = "a-long-enough-secret"
ROUNDS = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=7000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--photos", type=int, default=200)
    wished = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Store.open(StoreSettings(ballast=0), folder) as store:
            encoder = DlibEncoder(folder / "models")
            examiner = Examiner(HogDetector(), [encoder])
            import_rate(store, wished.people, None, "without photographs")
            fill_templates(store, encoder.name, encoder.dimension)
            refs = fill_events(store, wished.events)
            desk = Desk(
                DeskSettings(requests=100_000, language="en"),
                store,
                faces=Faces(examiner, KnownFaces(store, encoder.name, encoder.dimension)),
                folder=folder,
            )
            pages(desk, refs)
            if wished.photos:
                import_rate(store, wished.photos, examiner, "with a photograph each")


def import_rate(store: Store, people: int, examiner: Examiner | None, what: str) -> None:
    photos: Photos = NoPhotos()
    lines = [
        Line(
            i + 2, {"name": f"张{i}", "building": str(i % 30), "unit": str(i // 3), "card": str(i)}
        )
        for i in range(people)
    ]
    if examiner is not None:
        photos = ZipPhotos(zipped(people))
        lines = [
            Line(i + 2, {"name": f"李{i}", "photo": f"{i}.jpg", "consent": "agreed"})
            for i in range(people)
        ]
    with store.database.write() as session:
        job = ImportRow(name=what)
        session.add(job)
        session.flush()
    began, busy = time.perf_counter(), time.process_time()
    last = list(run(store, job.id, lines, photos, examiner, by="bench"))[-1]
    seconds, worked = time.perf_counter() - began, time.process_time() - busy
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"import {what}: {people} people in {seconds:.1f} s, {people / seconds:.0f} a second,")
    print(f"  {worked:.1f} s of one processor, largest memory {memory:.0f} MB; {last}", flush=True)


def zipped(people: int) -> Path:
    path = Path(tempfile.mkdtemp()) / "photos.zip"
    photograph = cv2.imread(str(PHOTOGRAPH))
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(people):
            picture = cv2.convertScaleAbs(photograph, alpha=1 - 0.2 * (i % 7) / 7, beta=i % 11)
            archive.writestr(f"{i}.jpg", cv2.imencode(".jpg", picture)[1].tobytes())
    return path


def fill_templates(store: Store, encoder: str, dimension: int) -> None:
    random = np.random.default_rng(0)
    people = [row.id for row in store.people.find(limit=1_000_000)]
    rows = random.normal(size=(len(people), dimension)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    pairs = zip(people, rows, strict=True)
    store.templates.add(*(Template(p, row, encoder, 1.0, "generated") for p, row in pairs))


def fill_events(store: Store, count: int) -> list[str]:
    """Events of the last 100 days, one in twenty a refusal; returns the people's pseudonyms."""
    refs = [row.ref for row in store.people.find(limit=1_000_000)]
    begin = datetime.now(UTC) - timedelta(days=100)
    step = timedelta(days=100) / count
    for start in range(0, count, 20_000):
        rows = [
            row_of(number, begin + step * number, refs[number * 7919 % len(refs)])
            for number in range(start, min(start + 20_000, count))
        ]
        with store.database.write() as session:
            session.execute(insert(EventRow), rows)
    with store.database.write() as session:
        session.merge(SequenceRow(gate="north", last=count))
    return refs


def row_of(number: int, at: datetime, ref: str) -> dict[str, object]:
    granted = number % 20 != 0
    kind = "passage.granted" if granted else "passage.denied"
    return {
        "gate": "north",
        "sequence": number + 1,
        "id": str(UUID(int=number)),
        "time": at,
        "type": kind,
        "passage": None,
        "person": ref,
        "method": "face",
        "decision": "grant" if granted else "deny",
        "reason": "welcome" if granted else "face_doubtful",
        "latency": 400.0,
        "body": {"type": kind, "person": ref, "temperature": {"estimated": 36.5}},
    }


def pages(desk: Desk, refs: list[str]) -> None:
    desk.accounts.create("bench", PASSWORD, Role.MANAGER)
    with TestClient(create_app(desk), headers={"accept": "text/html"}) as client:
        client.post("/login", data={"login": "bench", "password": PASSWORD})
        event = re.search(r'/events/([0-9a-f-]{36})"', client.get("/events").text)
        assert event is not None
        addresses = [
            "/",
            "/people",
            "/people?text=张12",
            "/people?state=no_face",
            "/people?page=100",
            f"/people/{len(refs) // 2}",
            f"/people/{len(refs) // 2}/edit",
            f"/people/{len(refs) // 2}/consent",
            "/events",
            "/events?type=passage.denied",
            f"/events?person={refs[7]}",
            f"/events/{event[1]}",
            "/events/charts",
            "/live",
            "/alarms",
            "/lookalikes",
            "/imports",
            "/retention",
            "/accounts",
            "/style",
        ]
        client.get("/lookalikes")  # the gallery is learnt once
        for address in addresses:
            print(f"{address[:40]:42}", *figures(client, address), flush=True)


def figures(client: TestClient, address: str) -> tuple[str, ...]:
    """Median and 95th percentile: as waited for, and as the processor worked."""
    waited, worked = [], []
    for _ in range(ROUNDS):
        began, busy = time.perf_counter(), time.process_time()
        answer = client.get(address)
        waited.append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (time.process_time() - busy))
        assert answer.status_code == 200, (address, answer.status_code)
    cut = int(0.95 * ROUNDS)
    return (
        f"p50 {statistics.median(waited):5.0f} ms, p95 {sorted(waited)[cut]:5.0f} ms",
        f"(processor {statistics.median(worked):5.0f}, {sorted(worked)[cut]:5.0f})",
    )


if __name__ == "__main__":
    main()
