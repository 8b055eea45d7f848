"""Every page of the desk with 7,000 people and 1,000,000 events, and the rate of an import.

    python -m benchmarks.desk [--people 7000] [--events 1000000] [--gates 8] [--rounds 100]
    python -m benchmarks.desk --folder FOLDER [--build]
    python -m benchmarks.desk --events 1000 --pages /people.csv,/people.xlsx

With ``--folder`` the register is kept there: filled by the first run (or by ``--build``, which
measures nothing), read by those after it. ``--minutes`` ends the rounds of each page early enough
to be done within about so long.

Of several gates the last one is rare: one event in a thousand is its own, as at a side door.
Prints p50 and p95 of each page, and people a second of an import without photographs; with them
see ``benchmarks.mass_import``. The pages are those the application lists, and some with a search.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import resource
import statistics
import tempfile
import time
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import cv2
import numpy as np
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert

from enroll.app import create_app
from enroll.desk import Desk
from enroll.faces import Faces
from enroll.permissions import Role
from gate.clock import SystemClock
from gate.config.desk import DeskSettings
from gate.importing.photos import NoPhotos
from gate.importing.run import run
from gate.importing.table import Line
from gate.recognition.detection.detector import HogDetector
from gate.recognition.encoders.dlib_onnx import DlibEncoder
from gate.recognition.face import Template
from gate.services.enrolment import Examiner
from gate.services.gallery_sync import KnownFaces
from gate.services.garbage import settle
from gate.services.gate_status import StatusWriter
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import ConsentRow, EventRow, ImportRow, SequenceRow

PASSWORD = "a-long-enough-secret"
ALLOWED = 200.0  # milliseconds by the clock
WORK = 150.0  # milliseconds of processor
RARE = "side-door"
MISSED = 10  # one in so many people has opted in to absence alerts
STATES: dict[str, dict[str, object]] = {
    "gate": {"software": "1.0", "faults": []},
    "door": {"state": "locked", "locked": True},
    "mode": {"mode": "normal", "until": None},
    "encoder": {"encoder": "dlib/1", "fit": "f"},
    "gallery": {"people": 7000},
    "device/main": {"up": True, "family": "camera"},
    "device/desk": {"up": True, "family": "reader"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=7000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--gates", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=60.0, help="of measuring, about")
    parser.add_argument("--folder", type=Path, help="where the register is kept")
    parser.add_argument("--build", action="store_true", help="fill the register, no more")
    parser.add_argument("--pages", default="", help="only these, separated by commas")
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        built = folder / "built.json"
        with Store.open(StoreSettings(ballast=0), folder) as store:
            encoder = DlibEncoder(folder / "models")
            if not built.exists():
                import_rate(store, options.people)
                fill_people(store, encoder.name, encoder.dimension)
                fill_events(store, options.events, options.gates)
            refs = [row.ref for row in store.people.find(limit=1_000_000)]
            desk = Desk(
                DeskSettings(requests=100_000, language="en", hosts=("testserver",)),
                store,
                faces=Faces(
                    Examiner(HogDetector(), [encoder]),
                    KnownFaces(store, encoder.name, encoder.dimension),
                ),
                gate="north",
                not_seen_hours=24.0,
                folder=folder,
            )
            board = StatusWriter(store.key_values, "north", SystemClock(), lambda write: write())
            for thing, value in STATES.items():
                board.put(thing, value)
            board.keep()
            if not built.exists():
                job = checked_import(desk, options.people)
                with TestClient(create_app(desk)) as client:
                    sign_in(client, desk, Role.MANAGER)
                    client.get("/lookalikes")  # the gallery is learnt once
                built.write_text(json.dumps({"job": job}))
            known = json.loads(built.read_text())
            if "wrong" not in known:
                known["wrong"] = wrong_import(desk, options.people)
                built.write_text(json.dumps(known))
            if not options.build:
                only = [page for page in options.pages.split(",") if page]
                pages(desk, refs, known, options.rounds, options.minutes, only)


def import_rate(store: Store, people: int) -> None:
    lines = [
        Line(
            i + 2,
            {
                "name": f"张{i}",
                "building": str(i % 30),
                "unit": str(i // 3),
                "card": str(100_000 + i),
            },
        )
        for i in range(people)
    ]
    with store.database.write() as session:
        job = ImportRow(name="people.csv", state="done", total=people)
        session.add(job)
        session.flush()
    began = time.perf_counter()
    for _ in run(store, job.id, lines, NoPhotos(), None, by="bench"):
        pass
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"import without photographs: {people} people, {people / seconds:.0f} a second,")
    print(f"  largest memory {memory:.0f} MB", flush=True)


def fill_people(store: Store, encoder: str, dimension: int) -> None:
    """A face and a consent for each, and for some one to absence alerts."""
    random = np.random.default_rng(0)
    people = [row.id for row in store.people.find(limit=1_000_000)]
    rows = random.normal(size=(len(people), dimension)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    pairs = zip(people, rows, strict=True)
    store.templates.add(*(Template(p, row, encoder, 1.0, "generated") for p, row in pairs))
    answers = [(person, "face") for person in people]
    answers += [(person, "not_seen") for person in people[::MISSED]]
    with store.database.write() as session:
        session.add_all(
            ConsentRow(person_id=person, purpose=purpose, answer="agreed", text_version="1")
            for person, purpose in answers
        )


def checked_import(desk: Desk, people: int) -> int:
    """An import of as many people and photographs again, uploaded and not yet begun."""
    picture = cv2.imencode(".jpg", np.full((400, 300, 3), 90, np.uint8))[1].tobytes()
    photos = io.BytesIO()
    with zipfile.ZipFile(photos, "w") as archive:
        for number in range(people):
            archive.writestr(f"{number}.jpg", picture)
    lines = [f"李{i},1950,agreed,{i}.jpg" for i in range(people)]
    table = io.BytesIO("\n".join(["name,birth year,consent,photo", *lines]).encode())
    photos.seek(0)
    began = time.perf_counter()
    job = desk.imports.add("more.csv", table, photos, "bench").id
    wrong = desk.imports.plan(job, 14).wrong
    print(f"check of {people} lines: {time.perf_counter() - began:.1f} s, {len(wrong)} mistakes")
    return job


def wrong_import(desk: Desk, people: int) -> int:
    """An import with three mistakes in each line."""
    lines = [f"李{i},x{i},agreed,{i}.jpg,z{i}" for i in range(people)]
    table = io.BytesIO("\n".join(["name,birth year,consent,photo,card", *lines]).encode())
    return desk.imports.add("wrong.csv", table, None, "bench").id


def fill_events(store: Store, count: int, gates: int) -> list[str]:
    """Events of the last 100 days, one in twenty a refusal; returns the people's pseudonyms."""
    refs = [row.ref for row in store.people.find(limit=1_000_000)]
    begin = datetime.now(UTC) - timedelta(days=100)
    step = timedelta(days=100) / count
    last: Counter[str] = Counter()  # sequence number of each gate
    for start in range(0, count, 20_000):
        rows = [
            numbered(
                row_of(number, begin + step * number, refs[number * 7919 % len(refs)]),
                gate_of(number, gates),
                last,
            )
            for number in range(start, min(start + 20_000, count))
        ]
        with store.database.write() as session:
            session.execute(insert(EventRow), rows)
    with store.database.write() as session:
        started = row_of(0, begin, "") | {"id": str(UUID(int=count)), "type": "gate.started"}
        session.execute(insert(EventRow), [numbered(started, "north", last)])
        for gate, number in last.items():
            session.merge(SequenceRow(gate=gate, last=number))
    return refs


def gate_of(number: int, gates: int) -> str:
    if gates > 1 and number % 1000 == 500:
        return RARE
    busy = number % max(gates - 1, 1)
    return f"gate-{busy}" if busy else "north"


def numbered(row: dict[str, Any], gate: str, last: Counter[str]) -> dict[str, Any]:
    """The row as the next event of a gate."""
    last[gate] += 1
    place = {"gate": gate, "sequence": last[gate]}
    return row | place | {"body": row["body"] | place}


def row_of(number: int, at: datetime, ref: str) -> dict[str, Any]:
    granted = number % 20 != 0
    kind = "passage.granted" if granted else "passage.denied"
    if number % 10_000 == 7:
        kind = "door.forced"
    body = {
        "id": str(UUID(int=number)),
        "type": kind,
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "person": ref,
        "method": "face",
        "decision": "grant" if granted else "deny",
        "reason": "welcome" if granted else "face_doubtful",
        "temperature": {"estimated": 36.5},
    }
    return {
        "id": body["id"],
        "time": at,
        "type": kind,
        "passage": None,
        "person": ref,
        "method": "face",
        "decision": body["decision"],
        "reason": body["reason"],
        "latency": 400.0,
        "body": body,
    }


def sign_in(client: TestClient, desk: Desk, role: Role) -> None:
    if not any(account.login == role.value for account in desk.accounts.all()):
        desk.accounts.create(role.value, PASSWORD, role)
    client.post("/login", data={"login": role.value, "password": PASSWORD})


def pages(
    desk: Desk, refs: list[str], jobs: dict[str, int], rounds: int, minutes: float, only: list[str]
) -> None:
    app = create_app(desk)
    slow, hard = [], []
    end = time.monotonic() + 60 * minutes
    left = len(addresses(app, {"person": 1, "event": "", **jobs}, refs))
    with TestClient(app, headers={"accept": "text/html"}) as client:
        for role in (Role.MANAGER, Role.AUDITOR):
            sign_in(client, desk, role)
            client.get("/lookalikes")  # the gallery is loaded once
            settle()  # as the desk does at its start and every hour
            event = re.search(r'/events/([0-9a-f-]{36})"', client.get("/events").text)
            assert event is not None
            known = {"person": len(refs) // 2, "event": event[1], **jobs}
            chosen = [
                address
                for address in addresses(app, known, refs)
                if (role is Role.AUDITOR) == address.startswith("/audit")
                and (not only or address in only)
            ]
            for address in chosen:
                file = address.endswith((".csv", ".xlsx", "/data"))  # to keep, no page
                seconds = (end - time.monotonic()) / left
                left -= 1
                waited, worked = figures(
                    client, address, min(rounds, 3) if file else rounds, seconds
                )
                print(
                    f"{unquote(address)[:40]:42} {said(waited)} (processor {said(worked)})",
                    flush=True,
                )
                slow += [address] if waited[1] > ALLOWED and not file else []
                hard += [address] if worked[1] > WORK and not file else []
    print(f"pages over {ALLOWED:.0f} ms at p95: {', '.join(slow) or 'none'}")
    print(f"pages over {WORK:.0f} ms of processor at p95: {', '.join(hard) or 'none'}")


def addresses(app: FastAPI, known: dict[str, object], refs: list[str]) -> list[str]:
    """Every page, and lists with a search."""
    found = [
        path.format(**known)
        for path, methods in app.openapi()["paths"].items()
        if "get" in methods
        and "{gate}" not in path  # the camera's page: off here
        and not any(
            asked.get("required") and asked["in"] == "query"
            for asked in methods["get"].get("parameters", ())
        )
        and path not in ("/login", "/setup", "/stream")
        and all(field in known for field in re.findall(r"{(\w+)}", path))
    ]
    return sorted(
        [
            *found,
            "/imports/1",
            f"/imports/{known['wrong']}",
            f"/imports/{known['wrong']}?kind=2&page=30",
            f"/events/charts?day={datetime.now().astimezone().date() - timedelta(days=1)}",
            "/people?text=张12",
            "/people?state=no_face",
            "/people?page=100",
            f"/people/{known['person']}/consent?purpose=not_seen",
            "/events?type=passage.denied",
            f"/events?gate={RARE}",
            f"/events?gate={RARE}&type=passage.denied",
            f"/events?person={refs[7]}",
        ]
    )


def figures(
    client: TestClient, address: str, rounds: int, seconds: float
) -> list[tuple[float, float]]:
    """Median and 95th percentile, ms: as waited for, and as the processor worked.

    Args:
        rounds: requests at most.
        seconds: after which no more are begun; two are made at least.
    """
    waited: list[float] = []
    worked: list[float] = []
    end = time.monotonic() + seconds
    while len(waited) < rounds and (len(waited) < 2 or time.monotonic() < end):
        began, busy = time.perf_counter(), time.process_time()
        answer = client.get(address)
        waited.append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (time.process_time() - busy))
        assert answer.status_code == 200, (address, answer.status_code)
    return [
        (statistics.median(times), sorted(times)[int(0.95 * len(times))])
        for times in (waited, worked)
    ]


def said(times: tuple[float, float]) -> str:
    return f"p50 {times[0]:5.0f} ms, p95 {times[1]:5.0f} ms"


if __name__ == "__main__":
    main()
