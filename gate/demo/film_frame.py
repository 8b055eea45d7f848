"""One picture of the film: the camera on the left, screen, evidence and door on the right."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import ImageDraw

from gate.access.reasons import text
from gate.demo.contact_sheet import CARD, COLOURS, GROUND, INK, SOFT, Colour, draw_mark, font
from gate.demo.report import ASKED, GRANTED, NOTHING, REFUSED, Mark
from gate.screen.message import Look, Message

WIDTH, HEIGHT, PANEL, GAP = 480, 360, 240, 10  # pixels
_BLUE: Colour = (74, 144, 226)
_SCREEN: dict[Look, Colour] = {
    Look.IDLE: COLOURS[NOTHING],
    Look.GUIDE: _BLUE,
    Look.WAIT: _BLUE,
    Look.GRANT: COLOURS[GRANTED],
    Look.OPEN: COLOURS[GRANTED],
    Look.ASK: COLOURS[ASKED],
}


@dataclass(frozen=True, slots=True)
class Still:
    """What one picture shows.

    Attributes:
        title: the name of the recording.
        second: of the recording.
        image: the camera's picture, RGB, WIDTH x HEIGHT.
        marks: the faces; boxes in pixels of ``image``.
        curve: the evidence of the nearest face so far, nats, one value a frame.
        threshold: what it must reach; None while nothing was compared.
        message: what the screen at the gate shows.
        open: whether the door can be opened.
        over: the recording has ended; screen and door go on.
    """

    title: str
    second: float
    image: Pillow.Image
    marks: tuple[Mark, ...]
    curve: tuple[float, ...]
    threshold: float | None
    message: Message
    open: bool
    over: bool = False


def draw(still: Still) -> Pillow.Image:
    """The picture, RGB, (WIDTH + PANEL) x HEIGHT pixels."""
    picture = Pillow.new("RGB", (WIDTH + PANEL, HEIGHT), GROUND)
    camera = still.image.point(lambda value: value * 0.55) if still.over else still.image
    picture.paste(camera, (0, 0))
    pen = ImageDraw.Draw(picture)
    for mark in still.marks:
        draw_mark(pen, mark.box, mark.label, COLOURS[mark.outcome], WIDTH)
    title = f"{still.title.replace('-', ' ')}   {still.second:.1f} s"
    wide = pen.textlength(title, font(14))
    pen.rounded_rectangle((8, HEIGHT - 30, 24 + wide, HEIGHT - 8), 6, GROUND)
    pen.text((16, HEIGHT - 28), title, INK, font=font(14))
    # nothing of a box may reach into the panel
    pen.rectangle((WIDTH, 0, WIDTH + PANEL, HEIGHT), GROUND)
    left, right = WIDTH + GAP, WIDTH + PANEL - GAP
    _screen(pen, still.message, (left, GAP, right, 128))
    _evidence(pen, still, (left, 138, right, 270))
    _door(pen, still.open, (left, 280, right, HEIGHT - GAP))
    return picture


Box = tuple[int, int, int, int]


def _screen(pen: ImageDraw.ImageDraw, message: Message, box: Box) -> None:
    """The screen at the gate: its colour, its headline, the name and what to do."""
    colour = _SCREEN.get(message.look, COLOURS[REFUSED])
    pen.rounded_rectangle(box, 8, colour)
    x, y, width = box[0] + 12, box[1] + 8, box[2] - box[0] - 24
    pen.text((x, y), "screen", GROUND, font=font(12))
    words = text(message.code, "en")
    y += 20
    for line in wrap(pen, words.head, width, 19)[:2]:
        pen.text((x, y), line, GROUND, font=font(19))
        y += 24
    for said in (message.name, words.then):
        for line in wrap(pen, said, width, 15)[:2]:
            if y + 18 <= box[3]:
                pen.text((x, y), line, GROUND, font=font(15))
                y += 19


def _evidence(pen: ImageDraw.ImageDraw, still: Still, box: Box) -> None:
    """The evidence that the nearest face is the one it resembles most, and what is needed."""
    pen.rounded_rectangle(box, 8, CARD)
    x0, y0, x1, y1 = box[0] + 12, box[1] + 30, box[2] - 12, box[3] - 12
    shown = f"{still.curve[-1]:.1f}" if still.curve else "none yet"
    if still.curve and still.threshold is not None:
        shown += f" of {still.threshold:.1f}"
    pen.text((x0, box[1] + 8), "evidence", SOFT, font=font(12))
    wide = pen.textlength(shown, font(14))
    pen.text((x1 - wide, box[1] + 7), shown, INK, font=font(14))
    if still.threshold is None:
        return
    top = max(1.5 * still.threshold, *still.curve, 1.0)
    low = min(0.0, *still.curve, 0.0)
    scale = (y1 - y0) / (top - low)
    line = y1 - (still.threshold - low) * scale
    for dash in range(x0, x1, 8):
        pen.line((dash, line, dash + 4, line), SOFT, 1)
    reached = bool(still.curve) and still.curve[-1] >= still.threshold
    colour = COLOURS[GRANTED] if reached else COLOURS[ASKED]
    step = (x1 - x0) / max(40, len(still.curve))
    points = [(x0 + n * step, y1 - (value - low) * scale) for n, value in enumerate(still.curve)]
    if len(points) > 1:
        pen.line(points, colour, 3, joint="curve")
    if points:
        x, y = points[-1]
        pen.ellipse((x - 4, y - 4, x + 4, y + 4), colour)


def _door(pen: ImageDraw.ImageDraw, opened: bool, box: Box) -> None:
    pen.rounded_rectangle(box, 8, CARD)
    colour = COLOURS[GRANTED] if opened else COLOURS[NOTHING]
    x, y = box[0] + 14, box[1] + 10
    pen.rectangle((x, y, x + 32, y + 50), outline=colour, width=3)
    if opened:  # the leaf stands ajar
        pen.polygon([(x, y), (x + 20, y + 7), (x + 20, y + 57), (x, y + 50)], fill=colour)
    else:
        pen.rectangle((x + 4, y + 4, x + 28, y + 46), fill=colour)
        pen.ellipse((x + 21, y + 23, x + 26, y + 28), GROUND)
    pen.text((x + 50, y + 4), "door", SOFT, font=font(12))
    pen.text((x + 50, y + 20), "unlocked" if opened else "locked", colour, font=font(20))


def wrap(pen: ImageDraw.ImageDraw, words: str, width: float, size: int) -> list[str]:
    """``words`` in lines that are at most ``width`` pixels wide, where a space allows it."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and pen.textlength(longer, font(size)) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
