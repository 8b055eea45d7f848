"""``gate camera``: network cameras by ONVIF."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from gate.camera.onvif.device import Camera
from gate.camera.onvif.discovery import find
from gate.errors import CameraError
from gate.setup import asking
from gate.texts.terminal import Console

camera = typer.Typer(
    help="Network cameras by ONVIF: find them, read their streams, set clock and resolution.",
    no_args_is_help=True,
)

Address = Annotated[
    str, typer.Argument(help="Host, host:port, or the address of the device service.")
]
User = Annotated[str, typer.Option(help="An ONVIF user of the camera.")]
PASSWORD = "GATE_CAMERA_PASSWORD"


def _camera(address: str, user: str) -> Camera:
    """The password comes from the environment, or is asked for: a command line is seen by all."""
    password = os.environ.get(PASSWORD, "")
    if user and not password:
        password = asking.secret("password", variable=PASSWORD, may_be_empty=True)
    return Camera(address, user, password)


@camera.command("find")
def find_(
    seconds: Annotated[float, typer.Option(min=0.5, max=60, help="How long to wait.")] = 3.0,
    address: Annotated[
        str, typer.Option(help="This machine's own address in the cameras' network.")
    ] = "",
) -> None:
    """Find the cameras of this network."""
    console = Console(soft_wrap=True, highlight=False)
    devices = find(seconds, address)
    for device in devices:
        console.print(f"{device.address}  {device.name} {device.hardware}".rstrip(), markup=False)
    if not devices:
        console.print("no camera answered; routers keep the question in one network", markup=False)


@camera.command()
def streams(address: Address, user: User = "") -> None:
    """Show a camera's clock and streams, and what to put into [[camera]]."""
    console = Console(soft_wrap=True, highlight=False)
    with _camera(address, user) as device:
        ahead = device.clock().total_seconds()
        console.print(
            f"{device.model()}; its clock differs from ours by {ahead:+.0f} s", markup=False
        )
        for stream in device.streams():
            console.print(
                f"{stream.profile}: {stream.encoding} {stream.width}×{stream.height}, "
                f'{stream.fps:g} frames/s\n  source = "{stream.address}"',
                markup=False,
            )
        if user:
            console.print("put user:password@ before the host in source", markup=False)


@camera.command("set")
def set_(
    address: Address,
    user: User = "",
    profile: Annotated[str, typer.Option(help="Which stream; the first if empty.")] = "",
    width: Annotated[int, typer.Option(min=0, max=7680, help="Pixels; 0 leaves it as it is.")] = 0,
    height: Annotated[int, typer.Option(min=0, max=4320, help="Pixels; 0 leaves it as it is.")] = 0,
    clock: Annotated[bool, typer.Option("--clock", help="Set its clock to ours.")] = False,
) -> None:
    """Set a camera's clock, or the resolution of a stream."""
    if not clock and not (width and height):
        raise typer.BadParameter("give --clock, or --width and --height")
    with _camera(address, user) as device:
        device.clock()
        if clock:
            device.set_clock(datetime.now(UTC))
            Console(highlight=False).print(
                f"clock set; it differs from ours by {device.clock().total_seconds():+.0f} s"
            )
        if width and height:
            found = [s for s in device.streams() if s.profile == profile or not profile]
            if not found:
                raise CameraError(
                    f"the camera has no stream {profile}", where=address, hint="gate camera streams"
                )
            device.set_resolution(found[0], width, height)
            after = next(s for s in device.streams() if s.profile == found[0].profile)
            print(f"{after.profile}: {after.width}×{after.height}")
