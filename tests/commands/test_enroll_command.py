"""``gate enroll`` and ``gate people``: with consent only, resumable, and gone when removed."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from gate import cli
from gate.commands import enroll as command
from gate.commands import enroll_table
from gate.config.settings import load
from gate.errors import AccessError, ConfigurationError, RecognitionError, StoreError
from gate.importing.run import NICENESS
from gate.recognition.encoders import SimilarityStatistics
from gate.recognition.face import Face, Image
from gate.services.enrolment import Examiner, Fault, Shot
from gate.store.store import Store

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
PHOTOS = FIXTURES / "photographs"
OBAMA = [str(PHOTOS / f"barack-obama-{year}.jpg") for year in (2009, 2010)]
BIDEN = str(PHOTOS / "joe-biden-2010.jpg")
WHO = ("--birth-year", "1961", "--agreed", "paper-2026")

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def config(tmp_path: Path, models: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(
        f'data = "{tmp_path}/data"\n[recognition]\ndetector = "hog"\nencoder = "dlib"\n'
        f'[models]\nfolder = "{models}"\n[store]\nballast = 0\n'
        "[advanced]\nrecognition.threads = 1\n"
    )
    return path


@pytest.fixture
def gate(config: Path) -> Run:
    def run(*arguments: str, input: str | None = None) -> Any:
        command = [*arguments, "--config", str(config)]
        return CliRunner().invoke(cli.app, command, input=input, env={"COLUMNS": "120"})

    return run


@pytest.fixture
def store(config: Path) -> Callable[[], Store]:
    settings = load(config)
    return lambda: Store.open(settings.store, settings.data)


def test_a_person_is_enrolled_shown_and_removed(gate: Run, store: Callable[[], Store]) -> None:
    made = gate("enroll", *OBAMA, "--name", "Barack [Obama]", "--number", "7", *WHO)
    assert made.exit_code == 0, made.output
    assert "enrolled from 2 photographs" in made.output
    assert "Barack [Obama]" in gate("people", "list", "barack").output
    shown = gate("people", "show", "7").output
    assert "agreed (paper-2026" in shown
    assert "dlib/1: 2, quality" in shown
    assert "Barack [Obama],resident" in gate("people", "export").output
    asked = gate("people", "remove", "7", input="n\n")
    assert asked.exit_code == 1
    assert gate("people", "remove", "7", "--yes").exit_code == 0
    with store() as opened:
        assert opened.people.count() == 0
        assert opened.templates.count() == {}
        actions = [line.action for line in opened.audit.lines()]
        assert actions[:1] == ["person.delete"]
        assert "enrol.save" in actions
        assert all("Obama" not in str(line.details) for line in opened.audit.lines())


def test_photographs_that_are_not_there_are_named_before_anything_else(gate: Run) -> None:
    refused = gate("enroll", "/nowhere/people")
    assert isinstance(refused.exception, ConfigurationError)
    assert refused.exception.what == "there is no such file or folder"
    assert refused.exception.where == "/nowhere/people"


def test_without_consent_nothing_is_written(gate: Run, store: Callable[[], Store]) -> None:
    refused = gate("enroll", OBAMA[0], "--name", "A")
    assert isinstance(refused.exception, AccessError)
    assert "--agreed" in str(refused.exception)
    refused = gate("enroll", OBAMA[0], "--agreed", "paper")
    assert isinstance(refused.exception, ConfigurationError)
    assert "--name is missing" in str(refused.exception)
    assert "--birth-year consent needs the year of birth" in str(refused.exception)
    child = gate("enroll", OBAMA[0], "--name", "A", "--birth-year", "2020", "--agreed", "paper")
    assert "--guardian a guardian answers for a child" in str(child.exception)
    with store() as opened:
        assert opened.people.count() == 0


def test_the_photographs_of_one_person_must_show_one_person(gate: Run) -> None:
    mixed = gate("enroll", OBAMA[0], BIDEN, "--name", "Two", *WHO)
    assert isinstance(mixed.exception, RecognitionError)
    assert "one and the same person" in str(mixed.exception)


def test_a_double_is_noticed_and_new_photographs_replace_the_old(
    gate: Run, store: Callable[[], Store]
) -> None:
    assert gate("enroll", OBAMA[0], "--name", "Barack Obama", *WHO).exit_code == 0
    again = gate("enroll", OBAMA[1], "--name", "Somebody Else", *WHO)
    assert isinstance(again.exception, AccessError)
    assert "takes this person for somebody enrolled: #1" in str(again.exception)
    replaced = gate("enroll", *OBAMA, "--person", "Barack Obama")
    assert replaced.exit_code == 0, replaced.output
    with store() as opened:
        assert opened.templates.count() == {"dlib/1": 2}
    twin = gate("enroll", OBAMA[1], "--name", "Twin", "--double", *WHO)
    assert twin.exit_code == 0
    with store() as opened:
        assert [p.face_alone for p in opened.people.register().values()] == [False, False]


@pytest.mark.parametrize("who", ["nobody", "#99"])
def test_a_person_who_is_not_there_is_named(gate: Run, who: str) -> None:
    for arguments in (["people", "show", who], ["people", "remove", who, "--yes"]):
        assert isinstance(gate(*arguments).exception, StoreError)


def test_people_of_one_name_are_told_apart_by_id(gate: Run, store: Callable[[], Store]) -> None:
    with store() as opened:
        opened.people.create("王芳")
        opened.people.create("王芳")
    both = gate("people", "show", "王芳").exception
    assert "2 people are called 王芳" in str(both)
    assert "#1, #2" in str(both)
    assert gate("people", "show", "#2").exit_code == 0


# ---------------------------------------------------------------------- a folder


class Camera:
    """Stands in for detector and encoder: every colour is another face, white is none."""

    name = "play/1"
    dimension = 16
    similarity = SimilarityStatistics(continues=0.6, apart=0.6)

    def __init__(self) -> None:
        self.seen = 0
        self.breaks_at = 0  # the photograph at which the program ends
        self.interrupted_at = 0  # at which somebody presses Ctrl-C
        self.nice: set[int] = set()  # of the threads that look
        self._lock = threading.Lock()

    def look(self, image: Image) -> Shot:
        with self._lock:
            self.seen += 1
            seen = self.seen
        self.nice.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        if seen == self.breaks_at:
            raise KeyboardInterrupt
        if seen == self.interrupted_at:
            press_ctrl_c()
        if image[0, 0, 0] > 250:
            return Shot(fault=Fault.NO_FACE)
        return Shot(Face((0, 0, 50, 50), 0.9))


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """A shell that starts the tests in the background has them ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_ctrl_c() -> None:
    """And wait until it is noticed, which takes the handler's place away."""
    before = signal.getsignal(signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)
    while signal.getsignal(signal.SIGINT) is before:
        time.sleep(0.001)


class Quick(Examiner):
    def __init__(self, camera: Camera) -> None:
        self.encoders = cast(Any, (camera,))
        self._camera = camera

    def shot(self, image: Image) -> Shot:  # type: ignore[override]
        shot = self._camera.look(image)
        vector = np.random.default_rng(image[0, 0]).normal(size=16).astype(np.float32)
        vector /= np.linalg.norm(vector)
        return shot if shot.fault else Shot(shot.face, "", {"play/1": vector})


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Camera:
    camera = Camera()
    monkeypatch.setattr(command, "_examiner", lambda settings, store: Quick(camera))
    return camera


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sixty people; the photograph of line 4 shows nobody."""
    import cv2

    folder = tmp_path / "people"
    folder.mkdir()
    lines = ["name,number,birth year,consent,photo"]
    for number in range(60):
        colour = 255 if number == 2 else 2 * number
        cv2.imwrite(str(folder / f"{number}.png"), np.full((40, 40, 3), colour, np.uint8))
        lines.append(f"P{number},{number},1950,agreed,{number}.png")
    (folder / "people.csv").write_text("\n".join(lines))
    return folder


def test_a_folder_is_enrolled_and_says_which_lines_have_no_face(
    gate: Run, folder: Path, camera: Camera, store: Callable[[], Store]
) -> None:
    done = gate("enroll", str(folder))
    assert done.exit_code == 1
    assert "59 enrolled, 1 no usable face" in done.output
    assert "line 4, P2: 2.png: no face in it" in done.output
    with store() as opened:
        assert opened.people.count() == 60
        assert opened.templates.count() == {"play/1": 59}
    again = gate("enroll", str(folder))
    assert again.exit_code == 0
    assert "imported already" in again.output
    assert camera.seen == 60


def test_what_was_broken_off_is_gone_on_with(
    gate: Run, folder: Path, camera: Camera, store: Callable[[], Store]
) -> None:
    camera.breaks_at = 40
    assert gate("enroll", str(folder)).exit_code != 0
    with store() as opened:
        kept = opened.people.count()
    # photographs are looked at ahead: the first batch may not have been written yet
    assert kept in (0, 25), "the batches that were done, no half one"
    before = camera.seen
    done = gate("enroll", str(folder))
    assert "59 enrolled, 1 no usable face" in done.output
    assert camera.seen - before == 60 - kept, "nobody is looked at twice who is in the register"
    with store() as opened:
        assert opened.people.count() == 60


def test_ctrl_c_ends_with_the_batch_in_hand_and_the_same_command_goes_on(
    gate: Run, folder: Path, camera: Camera, store: Callable[[], Store]
) -> None:
    camera.interrupted_at = 10
    stopped = gate("enroll", str(folder))
    assert stopped.exit_code == 130
    assert "stopped after 25 of 60; the same command goes on" in stopped.output
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with store() as opened:
        assert opened.people.count() == 25
    before = camera.seen
    assert "59 enrolled, 1 no usable face" in gate("enroll", str(folder)).output
    assert camera.seen - before == 35
    with store() as opened:
        assert sorted(row.name for row in opened.people.find(limit=100)) == sorted(
            f"P{number}" for number in range(60)
        )


def test_a_second_ctrl_c_does_as_ever() -> None:
    with enroll_table._interrupted() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_the_photographs_may_lie_in_one_zip(gate: Run, folder: Path, camera: Camera) -> None:
    with zipfile.ZipFile(folder / "photos.zip", "w") as packed:
        for photo in folder.glob("*.png"):
            packed.write(photo, f"people/{photo.name}")
            photo.unlink()
    assert "59 enrolled, 1 no usable face" in gate("enroll", str(folder)).output


def test_who_looks_alike_is_reported_at_the_end(
    gate: Run, folder: Path, camera: Camera, store: Callable[[], Store]
) -> None:
    shutil.copy(folder / "7.png", folder / "8.png")
    done = gate("enroll", str(folder)).output
    assert "2 resemble somebody; look at them on the desk's page" in done
    with store() as opened:
        one, other = (opened.people.by_number(number) for number in ("7", "8"))
        assert one is not None
        assert other is not None
    assert f"line 9, P7: #{other.id}: perhaps the same person" in done
    assert f"line 10, P8: #{one.id}: perhaps the same person" in done


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priorities of their own")
def test_a_gate_on_the_same_machine_comes_before_an_import(
    gate: Run, folder: Path, camera: Camera
) -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    gate("enroll", str(folder))
    assert camera.nice == {max(before, NICENESS)}
    assert os.getpriority(os.PRIO_PROCESS, 0) == before, "the program itself stays as it is"


def test_every_mistake_of_a_table_is_reported_before_anything_is_written(
    gate: Run, folder: Path, camera: Camera, store: Callable[[], Store]
) -> None:
    with (folder / "people.csv").open("a") as table:
        table.write("\nX,100,1950,agreed,missing.jpg\nY,5,1700,,\n")
    wrong = str(gate("enroll", str(folder)).exception)
    assert "3 mistakes, nothing was written" in wrong
    assert "line 62, photo: missing.jpg is not there" in wrong
    assert "line 63, birth year" in wrong
    assert "line 63, number: is in line 7 too" in wrong
    with store() as opened:
        assert opened.people.count() == 0
    assert camera.seen == 0


def test_columns_that_are_left_out_are_named(gate: Run, folder: Path) -> None:
    table = "姓名,同住人1,性别,空\n王芳,李明,女,\n李四、王五,,,\n"
    (folder / "people.csv").write_text(table, "utf-8")
    outcome = gate("enroll", str(folder))
    assert "Columns left out: B 同住人1 (somebody else; each person" in outcome.output
    assert "C 性别" in outcome.output
    assert outcome.exit_code != 0


def hidden_in(folder: Path) -> None:
    book = Workbook()
    for row in (("姓名", "编号", "卡号"), ("甲", "1", "0002972728"), ("乙", "2", "0002972729")):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["C"].hidden = True
    (folder / "people.csv").unlink()
    book.save(folder / "people.xlsx")


def test_what_is_hidden_in_a_workbook_is_asked_about(
    gate: Run, folder: Path, store: Callable[[], Store]
) -> None:
    hidden_in(folder)
    outcome = gate("enroll", str(folder))
    assert isinstance(outcome.exception, ConfigurationError)
    assert "Some lines are hidden in the table" in str(outcome.exception)
    assert "--hidden with (Import" in str(outcome.exception)
    assert "C 卡号 → --hidden-columns with" in str(outcome.exception)
    assert "are left out" not in outcome.output
    only_one = gate("enroll", str(folder), "--hidden", "with")
    assert "A mistake" in str(only_one.exception)
    assert "--hidden with" not in str(only_one.exception)
    with store() as opened:
        assert opened.people.count() == 0


def test_what_was_hidden_and_left_out_can_be_imported_afterwards(
    gate: Run, folder: Path, store: Callable[[], Store]
) -> None:
    hidden_in(folder)
    without = ("--hidden", "without", "--hidden-columns", "without")
    outcome = gate("enroll", str(folder), *without)
    assert outcome.exit_code == 0, outcome.exception
    assert "Lines hidden by a filter or by hand are left out: 1" in (
        " ".join(outcome.output.split())
    )
    assert "Columns left out: C 卡号 (hidden in the file)" in outcome.output
    assert "imported already" in gate("enroll", str(folder), *without).output
    with store() as opened:
        assert [row.name for row in opened.people.find()] == ["甲"]
    for columns in ("without", "with"):
        more = ("--hidden", "with", "--hidden-columns", columns)
        assert gate("enroll", str(folder), *more).exit_code == 0
        assert "imported already" in gate("enroll", str(folder), *more).output
    with store() as opened:
        found = {row.name: len(opened.credentials.of(row.id)) for row in opened.people.find()}
    assert found == {"甲": 1, "乙": 1}


def test_another_sheet_can_be_imported_afterwards(
    gate: Run, folder: Path, store: Callable[[], Store]
) -> None:
    book = Workbook()
    for sheet, name in ((book.active, "甲"), (book.create_sheet("二期"), "乙")):
        sheet.append(("姓名", "编号"))
        sheet.append((name, name))
    book.active.title = "一期"
    (folder / "people.csv").unlink()
    book.save(folder / "people.xlsx")
    for sheet in ("一期", "二期"):
        assert gate("enroll", str(folder), "--sheet", sheet).exit_code == 0
    with store() as opened:
        assert sorted(row.name for row in opened.people.find()) == ["乙", "甲"]


def test_a_folder_without_a_table_says_what_is_missing(gate: Run, tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "recordings" / "empty", tmp_path / "empty")
    error = gate("enroll", str(tmp_path / "empty")).exception
    assert isinstance(error, ConfigurationError)
    assert "people.csv or people.xlsx" in error.hint
