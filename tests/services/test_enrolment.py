"""From photographs to templates: fixtures' photographs, the real detector and encoder."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from gate.errors import AccessError, CameraError, RecognitionError
from gate.recognition.detection.detector import HogDetector
from gate.recognition.encoders.dlib_onnx import DlibEncoder
from gate.recognition.face import Template
from gate.recognition.matching.scoring import unit
from gate.recognition.matching.site_calibration import FMR, FPIR, learn_matcher, learn_site
from gate.services.enrolment import Examiner, Fault, Shot, keep, of_one_person, resembling, try_out
from gate.services.gallery_sync import KIND, KnownFaces, put_in_use
from gate.services.image_decode import decode, reduced
from gate.store.settings import StoreSettings
from gate.store.store import Store

pytestmark = pytest.mark.slow

PHOTOGRAPHS = Path(__file__).parents[2] / "fixtures" / "photographs"
ENCODER = "dlib/1"


@pytest.fixture(scope="module")
def examiner(tmp_path_factory) -> Examiner:
    return Examiner(HogDetector(), [DlibEncoder(tmp_path_factory.mktemp("models"), threads=1)])


@pytest.fixture(scope="module")
def shots(examiner) -> dict[str, Shot]:
    return {
        file.stem: examiner.shot(decode(file.read_bytes(), file.name))
        for file in sorted(PHOTOGRAPHS.glob("*.jpg"))
    }


@pytest.fixture
def store(tmp_path):
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        yield store


def enrol(store, name, shots):
    person = store.people.create(name).id
    store.consents.record(person, "agreed", "1")
    keep(store, person, shots)
    return person


@pytest.mark.slow
def test_every_photograph_has_one_face(shots):
    assert {name: shot.fault for name, shot in shots.items() if shot.fault} == {}


def test_no_face_and_several_faces_are_named(examiner):
    assert examiner.shot(np.full((480, 640, 3), 90, np.uint8)).fault == Fault.NO_FACE
    one = decode((PHOTOGRAPHS / "eileen-collins.jpg").read_bytes())
    assert examiner.shot(np.hstack([one, one])).fault == Fault.SEVERAL_FACES


def test_nothing_is_stored_without_consent(store, shots):
    person = store.people.create("Li").id
    with pytest.raises(AccessError, match="not consented"):
        keep(store, person, [shots["eileen-collins"]])
    store.consents.record(person, "agreed", "1")
    store.consents.record(person, "withdrawn", "1")
    with pytest.raises(AccessError, match="not consented"):
        keep(store, person, [shots["eileen-collins"]])
    assert store.templates.count() == {}


def test_a_sitting_without_a_usable_photograph_is_refused(store):
    person = store.people.create("Li").id
    store.consents.record(person, "agreed", "1")
    with pytest.raises(RecognitionError, match="usable"):
        keep(store, person, [Shot(fault=Fault.NO_FACE)])


def test_a_photograph_of_somebody_else_is_found_in_a_session(shots):
    session = [shots["barack-obama-2009"], shots["grace-hopper"], shots["barack-obama-2012"]]
    faults = [shot.fault for shot in of_one_person(session, ENCODER)]
    assert faults == ["", "other_person", ""]


def test_two_that_differ_are_both_doubted(shots):
    pair = of_one_person([shots["eileen-collins"], shots["joe-biden-2010"]], ENCODER)
    assert [shot.fault for shot in pair] == ["other_person"] * 2


def test_the_enrolled_person_is_known_at_once_and_found_when_enrolled_again(store, shots):
    faces = KnownFaces(store, ENCODER, 128)
    assert faces.matcher().people == 0
    person = enrol(store, "A", [shots["barack-obama-2012"], shots["barack-obama-2010"]])
    other = enrol(store, "B", [shots["eileen-collins"]])
    seen = shots["barack-obama-2012"]
    assert try_out(seen, faces.matcher(), person).known
    assert not try_out(seen, faces.matcher(), other).known
    again = resembling([seen], faces.matcher())
    assert again[0].person == person
    assert again[0].same
    assert resembling([seen], faces.matcher(), person) == []


def test_who_is_deleted_is_forgotten_by_the_copy(store, shots):
    faces = KnownFaces(store, ENCODER, 128)
    person = enrol(store, "A", [shots["eileen-collins"]])
    assert faces.matcher().people == 1
    store.people.delete(person)
    assert faces.matcher().people == 0


def test_the_copy_relearns_when_the_register_outgrows_it(store):
    random = np.random.default_rng(1)
    vectors = random.normal(size=(60, 128)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    people = store.people.create_many({"name": f"p{i}"} for i in range(60))
    faces = KnownFaces(store, ENCODER, 128)
    assert faces.matcher().centroids.fit.people == 0
    store.templates.add(*(Template(p, v, ENCODER) for p, v in zip(people, vectors, strict=True)))
    assert faces.matcher().centroids.fit.people == 60


@pytest.mark.slow
def test_what_is_learnt_anew_keeps_the_rates_that_were_wished(store):
    random = np.random.default_rng(1)
    vectors = random.normal(size=(120, 128)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    people = store.people.create_many({"name": f"p{i}"} for i in range(120))
    rows = [Template(p, v, ENCODER) for p, v in zip(people, vectors, strict=True)]
    store.templates.add(*rows[:40])
    faces = KnownFaces(store, ENCODER, 128)
    gallery = faces.matcher().centroids.gallery
    put_in_use(store, *learn_site(gallery, made="2026-01-01", fpir=0.001, fmr=0.0001))
    assert faces.matcher().calibration.fpir == 0.001
    store.templates.add(*rows[40:80])
    assert faces.matcher().calibration.people == 80, "grown while it ran"
    assert faces.matcher().calibration.fpir == 0.001
    store.templates.add(*rows[80:])
    later = KnownFaces(store, ENCODER, 128).matcher().calibration
    assert later.people == 120, "grown while nothing ran"
    assert (later.fpir, later.fmr) == (0.001, 0.0001)


def grown(store, count):
    """As many people without templates, and a template for each."""
    random = np.random.default_rng(1)
    vectors = random.normal(size=(count, 128)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    people = store.people.create_many({"name": f"p{i}"} for i in range(count))
    return [Template(p, v, ENCODER) for p, v in zip(people, vectors, strict=True)]


@pytest.mark.slow
def test_a_wish_that_staff_state_while_it_relearns_counts(store, monkeypatch):
    rows = grown(store, 420)
    store.templates.add(*rows[:100])
    faces = KnownFaces(store, ENCODER, 128)
    faces.matcher()
    store.templates.add(*rows[100:])
    assert faces.matcher().calibration.people == 100, "too many to learn at once"

    def learn(snapshot, **wished):  # `gate calibrate --fpir 0.001` ends meanwhile
        put_in_use(store, *learn_site(snapshot, made="staff", fpir=0.001))
        return learn_matcher(snapshot, **wished)

    monkeypatch.setattr("gate.services.gallery_sync.learn_matcher", learn)
    assert faces.relearn()
    assert faces.matcher().calibration.fpir == 0.001
    assert store.calibrations.active(KIND, ENCODER).figures["fpir"] == 0.001
    assert not faces.relearn()


def test_a_calibration_that_cannot_be_read_is_made_anew_for_the_same_wish(store):
    store.templates.add(*grown(store, 40))
    figures = {"fpir": 0.002, "fmr": 0.0002}
    store.calibrations.add(KIND, ENCODER, "damaged", b"damaged", figures)
    faces = KnownFaces(store, ENCODER, 128)
    calibration = faces.matcher().calibration
    assert (calibration.fpir, calibration.fmr, calibration.people) == (0.002, 0.0002, 40)
    # one that comes while it runs leaves what is in use
    store.calibrations.add(KIND, ENCODER, "damaged too", b"damaged", figures)
    assert faces.matcher().calibration == calibration


def test_two_programs_may_learn_the_same_in_the_same_second(store, shots):
    desk, gate = (KnownFaces(store, ENCODER, 128) for _ in range(2))
    enrol(store, "Eileen", [shots["eileen-collins"]])
    snapshot = desk.matcher().centroids.gallery
    for _ in range(3):
        desk._learn(snapshot, (FPIR, FMR))
        gate._learn(snapshot, (FPIR, FMR))
    assert desk.matcher().people == gate.matcher().people == 1


def test_a_photograph_is_turned_upright_and_reduced():
    picture = Pillow.new("RGB", (3000, 2000), "red")
    exif = Pillow.Exif()
    exif[0x0112] = 6  # turned by a quarter
    data = io.BytesIO()
    picture.save(data, "JPEG", exif=exif)
    image = decode(data.getvalue())
    assert image.shape == (3000, 2000, 3)
    assert reduced(image, 1024).shape == (1024, 683, 3)


@pytest.mark.parametrize("data", [b"", b"GIF89a....", b"\xff\xd8\xff\xe0 cut", b"%PDF-1.7"])
def test_what_is_no_photograph_is_refused(data):
    with pytest.raises(CameraError, match=r"not a readable|damaged"):
        decode(data, "x.jpg")


def test_a_small_file_that_unpacks_to_gigabytes_is_refused():
    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 999))
    )
    with pytest.raises(CameraError, match="too many pixels"):
        decode(bomb + chunk(b"IEND", b""), "bomb.png")


def test_a_change_of_the_name_leaves_the_matcher_as_it_is(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        people = store.people.create_many({"name": f"p{n}"} for n in range(40))
        rows = unit(random.normal(size=(40, 8)).astype(np.float32))
        store.templates.add(*(Template(p, r, "e/1") for p, r in zip(people, rows, strict=True)))
        known = KnownFaces(store, "e/1", 8)
        before = known.matcher()
        store.people.update(people[3], name="other")
        store.people.create("without a face")
        assert known.matcher() is before
        store.templates.remove(people[3])
        after = known.matcher()
        assert people[3] not in after.centroids.gallery.people.tolist()
        assert len(after.centroids.gallery.people) == 39
