"""What the questions of ``gate init`` may be answered with, and what each answer writes.

An answer is one short text, the same at the prompt and as a flag: ``modbus:/dev/ttyUSB0``,
``wedge:/dev/input/by-id/…-event-kbd``, ``off``. Each function reads one and changes the document;
a text that is no answer raises ConfigurationError and leaves the document alone.
"""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import get_args
from zoneinfo import available_timezones

from gate.config.settings import GATE_NAME, Settings
from gate.errors import ConfigurationError
from gate.readers.settings import ReaderSettings
from gate.relay.settings import RelaySettings
from gate.sensors.settings import TemperatureSettings
from gate.setup.document import Document
from gate.texts.catalogue import LANGUAGES

BOARDS = get_args(RelaySettings.model_fields["driver"].annotation)
READERS = get_args(ReaderSettings.model_fields["driver"].annotation)
SENSORS = get_args(TemperatureSettings.model_fields["driver"].annotation)
OFF = "off"

Apply = Callable[[Document, str], None]


def name(document: Document, answer: str) -> None:
    if not re.fullmatch(GATE_NAME, answer):
        raise _wrong("name", answer, "write 1 to 32 small letters, digits and hyphens, as north-1")
    document.set("name", answer)


def label(document: Document, answer: str) -> None:
    if len(answer) > 40:
        raise _wrong("label", answer, "write at most 40 characters")
    document.set("label", answer)


def community(document: Document, answer: str) -> None:
    if len(answer) > 80:
        raise _wrong("community", answer, "write at most 80 characters")
    document.set("desk.community", answer)


def timezone(document: Document, answer: str) -> None:
    if answer not in available_timezones():
        raise _wrong("timezone", answer, "write it like Asia/Shanghai or Europe/Berlin")
    document.set("timezone", answer)


def languages(document: Document, answer: str) -> None:
    wanted = [part.strip() for part in answer.split(",") if part.strip()]
    if (
        not 1 <= len(wanted) <= 2
        or not set(wanted) <= set(LANGUAGES)
        or len(set(wanted)) < len(wanted)
    ):
        raise _wrong("languages", answer, f"write one or two of {', '.join(LANGUAGES)}: zh,en")
    document.set("screen.languages", wanted)
    document.set("desk.language", wanted[0])
    document.set("homeassistant.language", wanted[0])


def camera(document: Document, answer: str) -> None:
    if "://" not in answer:
        path = Path(answer).expanduser()
        if not path.is_absolute():
            path = path.absolute()  # it counts from where the question was answered
        answer = str(path)
    document.first_of("camera", {"source": answer})


def board(document: Document, answer: str) -> None:
    driver, _, at = answer.partition(":")
    if driver not in BOARDS:
        raise _wrong("board", answer, f"write one of {_drivers(BOARDS)}, or simulated")
    if driver == "gpio":
        pins = [part for part in at.split(",") if part]
        if not pins or not all(pin.isascii() and pin.isdigit() for pin in pins):
            raise _wrong("board", answer, "name the pin of each channel by BCM number: gpio:17")
        document.set("relay.gpio.pins", [int(pin) for pin in pins])
        document.set("relay.channels", len(pins))
    elif driver == "modbus" and at and not at.startswith("/"):
        host, _, port = at.partition(":")
        document.set("relay.modbus.transport", "tcp")
        document.set("relay.modbus.host", host)
        if port:
            document.set("relay.modbus.tcp_port", _number("board", answer, port))
    elif driver != "simulated":
        document.set("relay.port", _port("board", answer, at))
        if driver == "modbus":
            document.set("relay.modbus.transport", "rtu")
    document.set("relay.driver", driver)


def reader(document: Document, answer: str) -> None:
    if answer == OFF:
        document.without("reader")
        return
    driver, _, at = answer.partition(":")
    if driver not in READERS:
        raise _wrong("reader", answer, f"write one of {_drivers(READERS)}, or off")
    values = {"driver": driver, "port": _port("reader", answer, at)}
    if driver == "osdp":
        # the key has to be set in the reader too; one that is there is kept
        kept = document.get("reader")
        old = kept[0].get("key") if kept else ""
        values["key"] = old or secrets.token_hex(16)
    document.first_of("reader", values)


def sensor(document: Document, answer: str) -> None:
    if answer == OFF:
        document.set("temperature.policy", OFF)
        return
    driver, _, at = answer.partition(":")
    if driver not in SENSORS:
        raise _wrong("sensor", answer, f"write one of {_drivers(SENSORS)}, or off")
    port = _port("sensor", answer, at)
    document.set("temperature.driver", driver)
    document.set("temperature.port", port)
    document.set("temperature.baud", 115200 if driver == "mcu90640" else 9600)
    if document.get("temperature.policy") in (None, OFF):
        document.set("temperature.policy", "record")


def broker(document: Document, answer: str) -> None:
    if answer == OFF:
        document.set("mqtt.enabled", False)
        return
    host, _, port = answer.rpartition(":") if re.search(r":\d+$", answer) else (answer, "", "")
    if not host or "/" in host:
        raise _wrong("broker", answer, "write its address, as 192.168.1.10 or broker.lan:8883")
    document.set("mqtt.enabled", True)
    document.set("mqtt.broker", "external")
    document.set("mqtt.host", host)
    if port:
        document.set("mqtt.port", _number("broker", answer, port))


def anything(document: Document, answer: str) -> None:
    """``KEY=VALUE`` for every key the questions leave out; the value as in the file, or a word."""
    key, separator, value = answer.partition("=")
    key = key.strip()
    if not separator or not re.fullmatch(r"[a-z_0-9]+(\.[a-z_0-9]+)*", key):
        raise _wrong("--set", answer, "write KEY=VALUE, as relay.modbus.unit=2")
    try:
        read = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        read = value.strip()  # a word without its quotes
    kind, _, field = key.partition(".")
    if kind in ("camera", "reader") and field:
        document.first_of(kind, {field: read})
    else:
        document.set(key, read)


def present(settings: Settings) -> dict[str, str]:
    """The answers that the configuration holds now."""
    relay, reader_, warm = settings.relay, settings.reader, settings.temperature
    if relay.driver == "gpio":
        at = ":" + ",".join(str(pin) for pin in relay.gpio.pins)
    elif relay.driver == "modbus" and relay.modbus.transport == "tcp":
        at = f":{relay.modbus.host}:{relay.modbus.tcp_port}"
    else:
        at = "" if relay.driver == "simulated" else f":{relay.port}"
    return {
        "name": settings.name,
        "label": settings.label,
        "community": settings.desk.community,
        "timezone": settings.timezone or zone_of_box(),
        "languages": ",".join(settings.screen.languages),
        "camera": settings.camera[0].source,
        "board": relay.driver + at,
        "reader": f"{reader_[0].driver}:{reader_[0].port}" if reader_ else OFF,
        "sensor": OFF if warm.policy == OFF else f"{warm.driver}:{warm.port}",
        "broker": f"{settings.mqtt.host}:{settings.mqtt.port}" if settings.mqtt.enabled else OFF,
    }


def zone_of_box() -> str:
    """The machine's time zone by name; "Asia/Shanghai" where it counts by UTC or has none set."""
    link = os.path.realpath("/etc/localtime")
    found = link.partition("zoneinfo/")[2]
    known = found in available_timezones() and found not in ("UTC", "Etc/UTC", "GMT", "Etc/GMT")
    return found if known else "Asia/Shanghai"


def _port(what: str, answer: str, at: str) -> str:
    if not at.startswith("/"):
        raise _wrong(what, answer, "name its port after a colon, as modbus:/dev/ttyUSB0")
    return at


def _number(what: str, answer: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _wrong(what, answer, "the port is a number")
    return int(text)


def _drivers(names: tuple[str, ...]) -> str:
    return ", ".join(f"{driver}:PORT" for driver in names if driver != "simulated")


def _wrong(what: str, answer: str, hint: str) -> ConfigurationError:
    return ConfigurationError(f"{answer!r} is no answer", where=what, hint=hint)
