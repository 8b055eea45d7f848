"""``gate simulate``: devices on a pseudo-terminal, to try the whole gate with no hardware."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import closing
from typing import Annotated, Literal

import typer

from gate.commands.simulate_fleet import fleet
from gate.readers.card_number import canonical
from gate.simulators.board import Board
from gate.simulators.card import CardReader, CodeScanner
from gate.simulators.console import Words, number, obey
from gate.simulators.lcus_board import LcusBoard
from gate.simulators.modbus_board import ModbusBoard
from gate.simulators.numato_board import NumatoBoard
from gate.simulators.port import Device, SimulatedPort
from gate.simulators.temperature import ImageSensor, PointSensor
from gate.simulators.wiegand_converter import WiegandConverter
from gate.texts.terminal import here

app = typer.Typer(
    help="Simulated devices: each prints the port to put into the configuration, "
    "then reads commands from its standard input (help lists them).",
    no_args_is_help=True,
)

app.command()(fleet)

Fire = Annotated[
    int,
    typer.Option(
        min=-1,
        max=7,
        help="Input with the fire contact, normally closed as recommended; -1 for none.",
    ),
]
Seconds = Annotated[float, typer.Option(help="Stop after so many seconds; 0: until quit.")]


@app.command()
def relay(
    channels: Annotated[int, typer.Option(min=1, max=8)] = 1,
    readback: Annotated[
        str, typer.Option(help="What it reports about its relays: none, text or bytes.")
    ] = "none",
    variant: Annotated[str, typer.Option(help="A0, or AA for single bytes.")] = "A0",
    seconds: Seconds = 0,
) -> None:
    """An LCUS relay board."""
    device = LcusBoard(channels, _one_of(readback, "none", "text", "bytes"), _variant(variant))
    _run(device, _board_words(device.board), BOARD, 'driver = "lcus"', seconds, device.board)


@app.command()
def modbus(
    channels: Annotated[int, typer.Option(min=1, max=8)] = 8,
    unit: Annotated[int, typer.Option(min=1, max=247)] = 1,
    fire: Fire = 2,
    seconds: Seconds = 0,
) -> None:
    """A Modbus RTU relay board with a timed pulse and eight inputs."""
    device = ModbusBoard(channels, unit)
    wired = _fire_contact(device.board, fire)
    _run(
        device, _board_words(device.board), BOARD, 'driver = "modbus"', seconds, device.board, wired
    )


@app.command()
def numato(
    channels: Annotated[int, typer.Option(min=1, max=8)] = 4,
    fire: Fire = 2,
    seconds: Seconds = 0,
) -> None:
    """A Numato relay board with eight inputs."""
    device = NumatoBoard(channels)
    wired = _fire_contact(device.board, fire)
    _run(
        device, _board_words(device.board), BOARD, 'driver = "numato"', seconds, device.board, wired
    )


@app.command()
def temperature(
    image: Annotated[
        bool, typer.Option(help="A thermal image (90640) instead of one point.")
    ] = False,
    seconds: Seconds = 0,
) -> None:
    """An infrared temperature module."""
    device = ImageSensor() if image else PointSensor()

    def words(given: list[str]) -> str | None:
        match given:
            case ["surface", degrees]:
                device.surface = _degrees(degrees)
            case ["ambient", degrees]:
                device.ambient = _degrees(degrees)
            case ["lamp", degrees] if isinstance(device, ImageSensor):
                device.lamp = None if degrees == "off" else _degrees(degrees)
            case _:
                return None
        return f"surface {device.surface:g} °C, ambient {device.ambient:g} °C"

    own = "surface 33.2        what is before the sensor, °C\nambient 25          °C"
    own += "\nlamp 60|off         something hot beside the face" if image else ""
    driver = 'driver = "mcu90640"' if image else 'driver = "mcu9061x"'
    _run(device, words, own, driver, seconds)


@app.command()
def card(seconds: Seconds = 0) -> None:
    """A 125 kHz card reader (RDM6300)."""
    device = CardReader()

    def words(given: list[str]) -> str | None:
        match given:
            case ["show", shown]:
                device.show(int(canonical(shown)))
            case ["show", shown, near]:
                device.show(int(canonical(shown)), number(near))
            case _:
                return None
        return "shown"

    own = "show 0002972728 [2]  a card near the reader, for so many seconds"
    _run(device, words, own, 'driver = "rdm6300"', seconds)


@app.command()
def scanner(seconds: Seconds = 0) -> None:
    """A serial QR scanner."""
    device = CodeScanner()

    def words(given: list[str]) -> str | None:
        if given[0] != "show" or len(given) < 2:
            return None
        device.show(" ".join(given[1:]))
        return "shown"

    _run(
        device,
        words,
        "show TEXT           a code before the scanner",
        'driver = "scanner"',
        seconds,
    )


@app.command()
def osdp(
    key: Annotated[str, typer.Option(help="Secure-channel key, 32 hexadecimal digits.")],
    address: Annotated[int, typer.Option(min=0, max=126)] = 0,
    seconds: Seconds = 0,
) -> None:
    """An OSDP reader with secure channel (needs libosdp)."""
    secret = _secret(key)
    from gate.simulators.osdp_reader import OsdpReader

    device = OsdpReader(secret, address)

    def words(given: list[str]) -> str | None:
        match given:
            case ["show", shown]:
                device.show(int(canonical(shown)), 34)
            case _:
                return None
        return "shown" if device.secure else "no secure channel yet"

    own = "show 0002972728     a card, as Wiegand 34"
    with closing(device):
        _run(device, words, own, 'driver = "osdp"', seconds)


@app.command()
def controller(
    key: Annotated[str, typer.Option(help="Secure-channel key, 32 hexadecimal digits.")],
    card: Annotated[
        list[int] | None,
        typer.Option(help="A card number it lets in, without facility code and parity."),
    ] = None,
    address: Annotated[int, typer.Option(min=0, max=126)] = 0,
    seconds: Seconds = 0,
) -> None:
    """Another maker's controller, for [reader_out] with 16-bit numbers (needs libosdp)."""
    secret = _secret(key)
    from gate.simulators.osdp_controller import OsdpController

    known = set(card or ())
    device = OsdpController(secret, address, lambda bits: bits >> 1 & 0xFFFF in known)

    def words(given: list[str]) -> str | None:
        match given:
            case ["cards"]:
                seen = (f"{length} bits {bits:#x}" for length, bits in device.seen)
                return ", ".join(seen) or "none yet"
            case ["silent", "on" | "off" as state]:
                device.silent = state == "on"
            case ["secure"]:
                pass
            case _:
                return None
        return "secure channel" if device.secure else "no secure channel yet"

    own = "cards               the cards it was shown\nsilent on|off       no answers"
    with closing(device):
        _run(device, words, own, "baud = 9600", seconds)


@app.command()
def converter(
    kind: Annotated[Literal["mc-100", "s4a"], typer.Option(help="Which model.")] = "mc-100",
    seconds: Seconds = 0,
) -> None:
    """A converter from serial digits to Wiegand, for [reader_out] driver = "converter"."""
    device = WiegandConverter(kind)

    def words(given: list[str]) -> str | None:
        if given != ["cards"]:
            return None
        sent = (f"{length} bits, data {data}" for length, data in device.sent)
        return ", ".join(sent) or "none yet"

    _run(device, words, "cards               what it sent on", 'driver = "converter"', seconds)


def _secret(key: str) -> bytes:
    try:
        secret = bytes.fromhex(key)
    except ValueError:
        secret = b""
    if len(secret) != 16:
        raise typer.BadParameter("32 hexadecimal digits", param_hint="--key")
    return secret


BOARD = """input 0 on|off      what an input says
weld 1, free 1      a relay that no longer moves
power               power lost and back
show                the state of the relays"""


def _board_words(board: Board) -> Words:
    def words(given: list[str]) -> str | None:
        match given:
            case ["input", which, ("on" | "off") as to] if which in "01234567":
                board.wires[int(which)] = to == "on"
            case ["weld", which] if which in map(str, range(1, board.channels + 1)):
                board.stuck.add(int(which) - 1)
            case ["free", which] if which in map(str, range(1, board.channels + 1)):
                board.stuck.discard(int(which) - 1)
            case ["power"]:
                board.power_cycle(time.monotonic())
            case ["show"]:
                pass
            case _:
                return None
        return " ".join(f"CH{n}:{'ON' if on else 'OFF'}" for n, on in enumerate(board.relays, 1))

    return words


def _fire_contact(board: Board, number: int) -> str:
    """Close the fire contact and return the line that configures it: no fire at the start."""
    if number < 0:
        return ""
    board.wires[number] = True
    return f"inputs.fire = {{ number = {number}, invert = true }}"


def _run(
    device: Device,
    words: Words,
    own: str,
    driver: str,
    seconds: float,
    board: Board | None = None,
    wired: str = "",
) -> None:
    """Print port and wiring, then obey standard input until quit, its end, or the time is over."""
    over = threading.Event()
    with SimulatedPort(device) as port:
        typer.echo(f'{driver}\nport = "{port.path}"' + (f"\n{wired}" if wired else ""))
        reader = threading.Thread(
            target=_listen, args=(port, words, own, over, seconds), daemon=True
        )
        reader.start()
        end = time.monotonic() + seconds if seconds else float("inf")
        reported = 0
        try:
            while not over.wait(0.05) and time.monotonic() < end:
                reported = _report_moves(board, reported)
        except KeyboardInterrupt:
            pass


def _report_moves(board: Board | None, reported: int) -> int:
    moves = board.history[reported:] if board else []
    for at, channel, on in moves:
        typer.echo(here(f"{at:.3f} channel {channel + 1} {'on' if on else 'off'}"))
    return reported + len(moves)


def _listen(
    port: SimulatedPort, words: Words, own: str, over: threading.Event, seconds: float
) -> None:
    for line in sys.stdin:
        if line.strip() == "quit":
            break
        if answer := obey(line.strip(), port, words, own):
            typer.echo(answer)
    else:
        if seconds:
            return  # no terminal: the time decides
    over.set()


def _one_of(
    given: str, *allowed: Literal["none", "text", "bytes"]
) -> Literal["none", "text", "bytes"]:
    for one in allowed:
        if given == one:
            return one
    raise typer.BadParameter(f"one of {', '.join(map(repr, allowed))}", param_hint="--readback")


def _variant(given: str) -> Literal["A0", "AA"]:
    if given == "A0":
        return "A0"
    if given == "AA":
        return "AA"
    raise typer.BadParameter("A0 or AA", param_hint="--variant")


def _degrees(given: str) -> float:
    """Raises ValueError for what the module's two bytes cannot say."""
    value = number(given)
    if not -40 <= value <= 300:
        raise ValueError("-40 to 300 °C")
    return value
