"""``gate init``: from a box out of its carton to a gate, question by question."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from enroll.accounts import Accounts
from enroll.permissions import Role
from enroll.permits import Permits
from gate.access.permit_keys import own_key
from gate.clock import SystemClock
from gate.commands import Config
from gate.commands.doctor import report
from gate.commands.models import fetch
from gate.config.settings import DEFAULT, Settings, load
from gate.doctor import Level, seek
from gate.errors import CameraError, ConfigurationError, GateError
from gate.setup import answers, network_camera, system, trying
from gate.setup.document import Document
from gate.setup.talk import Talk, Terminal
from gate.store.store import Store
from gate.texts import terminal
from gate.texts.catalogue import LANGUAGES
from gate.texts.terminal import Console

PASSWORD = "GATE_MANAGER_PASSWORD"  # of the first manager, where nobody is asked
CARD_WITHIN = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Question:
    name: str  # of the flag
    part: str  # what is named to be asked this alone
    text: str  # English, a key of the catalogue
    apply: answers.Apply


QUESTIONS = (
    Question("languages", "languages", "languages, the first is written large", answers.languages),
    Question("name", "name", "short name of this gate in events: a-z, 0-9, -", answers.name),
    Question("label", "name", "name of this gate for people, such as 东门", answers.label),
    Question("community", "name", "name of the estate, school or office", answers.community),
    Question("timezone", "timezone", "time zone", answers.timezone),
    Question(
        "camera", "camera", "camera: device, rtsp address, recording, or find", answers.camera
    ),
    Question("board", "board", "relay board: driver:port, simulated, or find", answers.board),
    Question("reader", "reader", "card reader: driver:port, or off", answers.reader),
    Question("sensor", "sensor", "temperature sensor: driver:port, or off", answers.sensor),
    Question("broker", "broker", "message broker: address, or off", answers.broker),
)
PARTS = (*dict.fromkeys(question.part for question in QUESTIONS), "models", "manager", "service")


def init(
    part: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"Only these: {', '.join(PARTS)}. Without any: everything not yet answered."
        ),
    ] = None,
    config: Config = DEFAULT,
    languages: Annotated[str | None, typer.Option(help="zh,en")] = None,
    name: Annotated[str | None, typer.Option(help="Short name: a-z, 0-9, -.")] = None,
    label: Annotated[str | None, typer.Option(help="Name for people to read: 东门.")] = None,
    community: Annotated[str | None, typer.Option(help="Name of the estate.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Asia/Shanghai")] = None,
    camera: Annotated[
        str | None, typer.Option(help="/dev/video0, rtsp://…, a folder, find, find:HOST.")
    ] = None,
    board: Annotated[
        str | None, typer.Option(help="modbus:PORT, gpio:17, simulated, find, find:PORT.")
    ] = None,
    reader: Annotated[str | None, typer.Option(help="rdm6300:PORT, wedge:PORT, off.")] = None,
    sensor: Annotated[str | None, typer.Option(help="mcu9061x:PORT, off.")] = None,
    broker: Annotated[str | None, typer.Option(help="192.168.1.10, host:8883, off.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Any other key: relay.modbus.unit=2.")
    ] = None,
    models: Annotated[
        str | None, typer.Option(help="fetch, skip, or a folder that holds them.")
    ] = None,
    manager: Annotated[
        str | None, typer.Option(help=f"Login of the first manager; password in {PASSWORD}.")
    ] = None,
    try_: Annotated[
        bool | None,
        typer.Option(
            "--try/--no-try",
            help="Try camera, board (the door opens once) and reader; otherwise you are asked.",
        ),
    ] = None,
    start: Annotated[
        bool | None,
        typer.Option(
            "--start/--no-start", help="Start the services now and whenever the machine starts."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
) -> None:
    """Set this box up, or change an answer: asks what no option says, ends with `gate doctor`.

    Comments, and keys that it does not ask for, stay as they are. With options, on a box that
    is set up, it changes those answers and asks nothing else.
    """
    wanted = _wanted(part)
    given = {
        "languages": languages,
        "name": name,
        "label": label,
        "community": community,
        "timezone": timezone,
        "camera": camera,
        "board": board,
        "reader": reader,
        "sensor": sensor,
        "broker": broker,
    }
    flags = {key: value for key, value in given.items() if value is not None}
    known = config.exists()
    changing = known and bool(flags or set_ or models or manager) and not part
    talk = Terminal(_language(languages, config), False if yes or changing else None)
    open_ = [] if known or talk.asks else _undecided(wanted, {*flags, *_keys(set_)})
    if open_ and system.is_box(config):
        raise ConfigurationError(
            f"nobody can be asked, and some answers have no safe default: {', '.join(open_)}",
            where="gate init",
            hint="run it at a terminal, or name them: --camera /dev/video0 --board modbus:PORT; "
            "a trial without a door says --board simulated",
        )
    document = Document.open(config, talk.language)
    if not known:
        document.set("mqtt.enabled", False)  # asked for below; a trial box has no broker
    talk.say("configuration: {path}", path=config)
    for question in QUESTIONS:
        if question.name in flags or (question.part in wanted and not changing):
            _one(question, flags.get(question.name), document, talk, try_)
    for answer in set_ or ():
        answers.anything(document, answer)
    if system.is_box(config) and system.make_user():
        talk.say("user gate made")
    document.save()
    if system.is_box(config):
        system.give_configuration(config)
    settings = load(config)
    if not changing or models:
        _models(models, config, talk, asked="models" in wanted)
    _data(settings)
    if "manager" in wanted or manager:
        _manager(settings, manager, talk)
    _service(config, talk, start, asked="service" in wanted and not changing)
    if open_:
        flags_ = ", ".join(f"--{name}" for name in open_)
        talk.say("still to be decided by you: {flags}", "yellow", flags=flags_)
    talk.say("what doctor finds:")
    worst = report(config, Console(talk.language, soft_wrap=True))
    if system.is_box(config):
        system.give_data()  # what doctor wrote as root, such as the models a package brings
    if worst is Level.BAD:
        raise SystemExit(1)


def _undecided(wanted: set[str], named: set[str]) -> list[str]:
    """What depends on the site alone: by default no door opens, and a camera may be missing."""
    return [name for name in ("camera", "board") if name in wanted and name not in named]


def _keys(answers_: list[str] | None) -> set[str]:
    """Which of these questions ``--set`` answers."""
    parts = {answer.partition(".")[0].partition("[")[0] for answer in answers_ or ()}
    return {name for key, name in (("relay", "board"), ("camera", "camera")) if key in parts}


def _one(
    question: Question, flag: str | None, document: Document, talk: Talk, try_: bool | None
) -> None:
    """Ask until it is answered, write it, try the device."""
    while True:
        now = answers.present(document.settings)[question.name]
        if question.name == "broker" and not document.path.exists():
            now = answers.OFF
        answer = flag if flag is not None else talk.ask(question.text, now)
        try:
            if question.name == "board" and answer.partition(":")[0] == "find":
                _find(document, answer.partition(":")[2], talk)
            elif question.name == "camera" and answer.partition(":")[0] == "find":
                question.apply(document, network_camera.choose(answer.partition(":")[2], talk))
            else:
                question.apply(document, answer)
            _ = document.settings
        except (ConfigurationError, CameraError) as error:
            if flag is not None or not talk.asks:
                raise
            talk.say("{what}", "yellow", what=error)
            continue
        if _tried(question.name, document.settings, talk, try_):
            return


def _find(document: Document, port: str, talk: Talk) -> None:
    """Raises ConfigurationError when no board answers."""
    found = trying.find_board([port] if port else seek.serial_ports())
    if found is None:
        raise ConfigurationError(
            "no board that reports its state was found",
            where=port or ", ".join(seek.serial_ports()) or "no serial port",
            hint="plug it in, stop the gate, or name driver and port: lcus:/dev/ttyUSB0",
        )
    answer, further = found
    answers.board(document, answer)
    for key, value in further.items():
        document.set(key, value)
    talk.say("found: {answer}", "green", answer=answer)


def _tried(name: str, settings: Settings, talk: Talk, try_: bool | None) -> bool:
    """Try the device; False: the question is asked again."""
    wish = try_ if try_ is not None else talk.asks
    if not wish:
        return True
    if name == "camera":
        good = trying.camera(settings, talk)
    elif name == "board" and settings.relay.driver != "simulated":
        if not talk.sure("click it once? the door opens for half a second", True):
            return True
        good = trying.board(settings, talk)
    elif name == "reader" and settings.reader:
        good = trying.reader(settings, talk, CARD_WITHIN)
    else:
        return True
    return good or not talk.asks or talk.sure("go on with this answer?", False)


def _models(answer: str | None, config: Path, talk: Talk, *, asked: bool) -> None:
    if answer is None:
        if not asked:
            return
        answer = talk.ask("models: fetch, skip, or a folder that holds them", "fetch")
    if answer == "skip":
        return
    source = None if answer == "fetch" else Path(answer).expanduser()
    try:
        fetch(None, config, source, None)
    except GateError as error:
        talk.say("{what}", "yellow", what=error)  # dlib's models are there in any case


def _data(settings: Settings) -> None:
    """Database, key of the register and key of the permits."""
    with Store.open(settings.store, settings.data) as store:
        _ = Permits.open(store, own_key(settings.data), settings.access.permit).key


def _manager(settings: Settings, login: str | None, talk: Talk) -> None:
    with Store.open(settings.store, settings.data) as store:
        accounts = Accounts(store.database, settings.desk, SystemClock())
        if accounts.count():
            return
        while True:
            chosen = login or talk.ask("login of the first manager, empty for later", "")
            if not chosen:
                talk.say("`gate desk` prints a code for the first manager")
                return
            password = os.environ.get(PASSWORD) if not talk.asks else None
            if password is None and not talk.asks:
                talk.say("no password in {name}: no manager was made", "yellow", name=PASSWORD)
                return
            password = password or talk.secret("password", "password, once more")
            try:
                row = accounts.create(chosen, password, Role.MANAGER)
            except GateError as error:
                if not talk.asks:
                    raise
                talk.say("{what}", "yellow", what=error)
                continue
            store.audit.note("command line", "account.created", str(row.id), role=row.role)
            talk.say("manager: {login}", login=row.login)
            return


def _service(config: Path, talk: Talk, start: bool | None, *, asked: bool) -> None:
    if not system.is_box(config):
        if asked:
            talk.say("not an installed box: start it with `gate run` and `gate desk`")
        return
    system.give_data()
    for unit in system.place_units(config):
        talk.say("unit {path}", path=unit)
    if start is None:
        start = asked and talk.sure("start with the machine, and now?", True)
    if start:
        talk.say("the gate runs" if system.start() else "the gate starts with the machine")


def _wanted(part: list[str] | None) -> set[str]:
    unknown = [one for one in part or () if one not in PARTS]
    if unknown:
        raise ConfigurationError(
            f"there is no part {', '.join(unknown)}",
            where="gate init",
            hint=f"name some of {', '.join(PARTS)}",
        )
    return set(part or PARTS)


def _language(answer: str | None, config: Path) -> str:
    """Of the conversation: what was answered, the configuration's, the terminal's."""
    if answer and (first := answer.split(",")[0].strip()) in LANGUAGES:
        return first
    if config.exists():
        return load(config).desk.language
    return terminal.language()
