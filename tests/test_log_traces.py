"""A stack trace in the log says where and what kind of error, and nothing of whom it was about."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel
from sqlalchemy import text

from gate import cli
from gate.commands.notices import shown
from gate.errors import AccessError, StoreError
from gate.integrations.settings import LogSettings
from gate.log import catch_uncaught, set_up
from gate.store.database_errors import ConflictError
from gate.store.engine import Database
from gate.store.settings import StoreSettings
from gate.store.store import Store

NAME, LATIN, PHONE = "王小明", "Zacharias O'Unverwechselbar", "13900001111"
NUMBER = "A-17"
PERSONAL = (NAME, LATIN, "Unverwechselbar", PHONE)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    out = io.StringIO()
    set_up(LogSettings(format="json"), out)
    yield out
    root.handlers[:] = before
    root.setLevel(level)


class Form(BaseModel):
    birth_year: int


def a_wrong_year() -> None:
    int(f"{LATIN} {PHONE}")


def an_unknown_person() -> None:
    {}[NAME]


def a_wrong_form() -> None:
    Form.model_validate({"birth_year": LATIN})


def a_hint_about_somebody() -> None:
    raise AccessError("whoever is blocked gets no permit", where=NAME, hint=f"ask {LATIN}")


def words_of_another_program() -> None:
    raise RuntimeError(f"can't read '{LATIN}' of {NAME}, {PHONE}")


def a_picture_that_is_gone() -> None:
    Path(f"/no/such/{NAME}-{PHONE}.jpg").read_bytes()


def one_after_the_other() -> None:
    try:
        an_unknown_person()
    except KeyError as error:
        raise RuntimeError("not found") from error


def several_at_once() -> None:
    raise ExceptionGroup("two", [ValueError(LATIN), KeyError(NAME)])


@pytest.mark.parametrize(
    ("mistake", "kinds"),
    [
        (a_wrong_year, ["ValueError"]),
        (an_unknown_person, ["KeyError"]),
        (a_wrong_form, ["ValidationError"]),
        (a_hint_about_somebody, ["AccessError: whoever is blocked gets no permit"]),
        (words_of_another_program, ["RuntimeError: can't read"]),
        (a_picture_that_is_gone, ["FileNotFoundError: [Errno 2] No such file or directory: '/no/"]),
        (one_after_the_other, ["KeyError", "RuntimeError: not found"]),
        (several_at_once, ["ExceptionGroup", "ValueError", "KeyError"]),
    ],
)
def test_a_trace_names_the_error_and_nobody(
    log: io.StringIO, mistake: Callable[[], None], kinds: list[str]
) -> None:
    try:
        mistake()
    except Exception:
        logging.getLogger("x").exception("failed")
    said = log.getvalue()
    assert mistake.__name__ in said, "the trace has to say where"
    assert all(kind in said for kind in kinds)
    assert [one for one in PERSONAL if one in said] == []
    assert "\\u738b" not in said


def test_what_a_database_was_given_is_in_no_trace(log: io.StringIO, tmp_path: Path) -> None:
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        try:
            store.people.create(LATIN, number=NUMBER, phone=PHONE)
            store.people.create(LATIN, number=NUMBER, phone=PHONE)
        except StoreError:
            logging.getLogger("x").exception("failed")
    said = log.getvalue()
    assert "ConflictError" in said
    assert [one for one in (*PERSONAL, NUMBER) if one in said] == []


@pytest.fixture
def hooks() -> Iterator[None]:
    before = threading.excepthook, sys.unraisablehook
    yield
    threading.excepthook, sys.unraisablehook = before


def test_what_ends_a_thread_is_logged_like_everything_else(log: io.StringIO, hooks: None) -> None:
    catch_uncaught()
    for mistake in (a_wrong_year, words_of_another_program):
        thread = threading.Thread(target=mistake, name="check-7")
        thread.start()
        thread.join()
    said = log.getvalue()
    assert said.count('"job": "check-7"') == 2
    assert "a_wrong_year" in said
    assert [one for one in PERSONAL if one in said] == []


def test_with_its_log_a_service_begins_to_catch_them(log: io.StringIO, hooks: None) -> None:
    threading.excepthook, sys.unraisablehook = threading.__excepthook__, sys.__unraisablehook__
    set_up(LogSettings(format="json"), log)
    assert threading.excepthook is threading.__excepthook__
    set_up(LogSettings(format="json"))
    assert threading.excepthook is not threading.__excepthook__
    assert sys.unraisablehook is not sys.__unraisablehook__


def test_what_a_destructor_raises_is_logged_like_everything_else(
    log: io.StringIO, hooks: None
) -> None:
    class Closing:
        def __del__(self) -> None:
            an_unknown_person()

    catch_uncaught()
    closing = Closing()
    del closing
    said = log.getvalue()
    assert "an_unknown_person" in said
    assert NAME not in said


def test_a_command_shows_nothing_of_whom_an_error_in_a_thread_was_about(
    capsys: pytest.CaptureFixture[str], hooks: None
) -> None:
    with shown():
        thread = threading.Thread(target=an_unknown_person)
        thread.start()
        thread.join()
    said = capsys.readouterr().err
    assert "an_unknown_person" in said
    assert "KeyError" in said
    assert NAME not in said


def test_a_command_that_fails_says_nothing_of_whom_it_was_about(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failed(**_: object) -> None:
        a_wrong_year()

    monkeypatch.delenv("GATE_DEBUG", raising=False)
    monkeypatch.setattr(cli, "app", failed)
    with pytest.raises(SystemExit):
        cli.main()
    said = capsys.readouterr().err
    assert said.startswith("error: this should not happen: ValueError\n")
    assert [one for one in PERSONAL if one in said] == []


def test_words_of_the_program_itself_are_kept(log: io.StringIO) -> None:
    try:
        Path("/no/such/file").read_bytes()
    except OSError:
        logging.getLogger("x").exception("failed")
    assert "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/file'" in (
        log.getvalue()
    )


def test_whose_number_is_there_already_is_not_said_by_a_database_server(postgresql: str) -> None:
    database = Database(postgresql)
    try:
        with database.write() as session:
            session.execute(text("CREATE TABLE one (number varchar(40) UNIQUE)"))
            session.execute(text("INSERT INTO one VALUES (:n)"), {"n": NUMBER})
        with pytest.raises(ConflictError) as raised, database.write() as session:
            session.execute(text("INSERT INTO one VALUES (:n)"), {"n": NUMBER})
    finally:
        database.close()
    assert NUMBER not in str(raised.value)
    assert "one_number_key" in str(raised.value)
