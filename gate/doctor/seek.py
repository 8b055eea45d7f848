"""Looking for a device that does not answer: at other speeds, addresses and ways of answering.

Only questions are asked, nothing is moved; each look ends within a few seconds.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pymodbus.exceptions import ModbusException
from serial.tools import list_ports  # type: ignore[import-untyped]
from serial.tools.list_ports_common import ListPortInfo  # type: ignore[import-untyped]

from gate.devices.modbus_client import SerialClient
from gate.devices.serial_port import SerialPort
from gate.errors import DeviceError
from gate.relay.lcus import QUERY, parse_bytes, parse_text
from gate.relay.settings import RelaySettings
from gate.sensors.lines import make_line
from gate.sensors.settings import TemperatureSettings

BAUDS = (9600, 115200, 19200, 38400, 57600, 460800)
UNITS = range(1, 9)
ANSWER = 0.12  # seconds in which a Modbus board answers
BY_ID = Path("/dev/serial/by-id")
BY_PATH = Path("/dev/serial/by-path")
OWN = Path("/dev/gate")  # the package's names: packaging/deb/60-gate.rules
_SOCKET = re.compile(r"-(pci|platform)-")  # begins the part of such a name that is a socket's
TYPING = Path("/dev/input/by-id")


def serial_ports() -> dict[str, str]:
    """Every serial port with a device behind it: the name that lasts, and what it says it is.

    That name is the one by its serial number; by its socket where another of its kind has the same
    number, or both have none: then the name by number belongs to the one plugged in last.
    """
    by_id = {link.resolve(): str(link) for link in _links(BY_ID, "")}
    by_path = {link.resolve(): str(link) for link in _links(BY_PATH, "")}
    ports = [port for port in list_ports.comports() if port.vid is not None]
    # an adapter of several ports is one device, in one socket
    sockets = {(_numbers(port), (port.location or port.device).partition(":")[0]) for port in ports}
    kinds = Counter(numbers for numbers, _ in sockets)
    found = {}
    for port in ports:
        alone = kinds[_numbers(port)] == 1
        device = Path(port.device).resolve()
        name = (by_id if alone else by_path).get(device, port.device)
        found[name] = f"{port.vid:04X}:{port.pid:04X} {port.description}"
    return found


def _numbers(port: ListPortInfo) -> tuple[int | None, int | None, str | None]:
    return port.vid, port.pid, port.serial_number


def lasts(name: str, others: Iterable[str]) -> bool:
    """Whether ``name`` always belongs to the same device: one by socket, or by a number of its own.

    ``others``: the names that last, of every port, as ``serial_ports`` gives them.
    """
    path = Path(name)
    if path.parent == BY_PATH or (path.parent == OWN and _SOCKET.search(path.name)):
        return True
    device = path.resolve()
    by_number = any(Path(o).parent == BY_ID and Path(o).resolve() == device for o in others)
    return path.parent in (BY_ID, OWN) and by_number


def keyboards() -> list[str]:
    """The lasting names of devices that type: readers among them, and the keyboard."""
    return [str(link) for link in _links(TYPING, "-event-kbd")]


def thermometer_baud(settings: TemperatureSettings) -> int | None:
    """The speed at which the module sends whole frames; None when it does at none."""
    for baud in (b for b in BAUDS if b != settings.baud):
        line = make_line(settings.model_copy(update={"baud": baud}))
        with contextlib.suppress(DeviceError):
            line.open()
            end = time.monotonic() + 0.6
            while time.monotonic() < end:
                if list(line.read()):
                    line.close()
                    return baud
        line.close()
    return None


def modbus_board(settings: RelaySettings) -> tuple[int, int] | None:
    """Speed and address at which a board reports its coils; None when none does."""
    for baud in (settings.baud, *(b for b in BAUDS[:4] if b != settings.baud)):
        client = SerialClient(settings.port, baudrate=baud, timeout=ANSWER, retries=0)
        with contextlib.suppress(ModbusException, OSError):
            if not client.connect():
                return None
            for unit in (settings.modbus.unit, *UNITS):
                with contextlib.suppress(ModbusException):
                    answer = client.read_coils(0, count=8, device_id=unit)
                    if answer.function_code == 1 and not answer.isError():
                        client.close()  # type: ignore[no-untyped-call]
                        return baud, unit
        client.close()  # type: ignore[no-untyped-call]
    return None


def lcus_readback(settings: RelaySettings) -> str:
    """How the board answers FF: "text", "bytes", or "none"."""
    port = SerialPort(settings.port, settings.baud, 0.2)
    with contextlib.suppress(DeviceError):
        port.open()
        port.forget()
        port.write(QUERY)
        said = port.answer(lambda got: bool(parse_text(got)) and got.endswith(b"\n"))
        port.close()
        if parse_text(said):
            return "text"
        if any(parse_bytes(said, channels) for channels in (1, 2, 4, 8)):
            return "bytes"
    port.close()
    return "none"


def _links(folder: Path, ending: str) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(link for link in folder.iterdir() if link.name.endswith(ending))
