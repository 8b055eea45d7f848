"""One picture of a run: the deciding frame of each attempt, with what the gate made of it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from gate.demo.report import (
    ASKED,
    GRANTED,
    NOTHING,
    REFUSED,
    Attempt,
    RunRecord,
    figures,
    score_text,
)
from gate.errors import StoreError

Colour = tuple[int, int, int]
GROUND, CARD, INK, SOFT = (22, 27, 34), (33, 40, 49), (238, 241, 245), (150, 160, 172)
COLOURS: dict[str, Colour] = {
    GRANTED: (46, 184, 114),
    REFUSED: (226, 84, 84),
    ASKED: (232, 171, 56),
    NOTHING: (122, 133, 147),
}
WORDS = {GRANTED: "GRANTED", REFUSED: "REFUSED", ASKED: "CARD PLEASE", NOTHING: "NO PASSAGE"}
WIDTH, HEIGHT, CAPTION, GAP, HEAD = 400, 300, 98, 18, 96  # pixels


def write_picture(record: RunRecord, path: Path, columns: int = 4) -> None:
    """Write the picture as the ending of ``path`` says (.jpg or .png).

    Raises:
        StoreError: when the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(record, columns).save(path, quality=88)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"the picture of the run cannot be written: {error}",
            where=str(path),
            hint="give a file ending in .jpg or .png in a folder with room",
        ) from error


def picture(record: RunRecord, columns: int = 4) -> Pillow.Image:
    """The picture itself, RGB."""
    cards = [a for a in record.attempts if a.image is not None]
    columns = max(1, min(columns, len(cards)))
    rows = -(-len(cards) // columns)
    size = (
        max(900, columns * (WIDTH + GAP) + GAP),
        HEAD + rows * (HEIGHT + CAPTION + GAP) + GAP,
    )
    sheet = Pillow.new("RGB", size, GROUND)
    _head(ImageDraw.Draw(sheet), record)
    for k, attempt in enumerate(cards):
        x = GAP + (k % columns) * (WIDTH + GAP)
        y = HEAD + (k // columns) * (HEIGHT + CAPTION + GAP)
        sheet.paste(_card(attempt), (x, y))
    return sheet


def _head(draw: ImageDraw.ImageDraw, record: RunRecord) -> None:
    f = figures(record)
    real = record.people - record.generated
    draw.text((GAP, 16), "Recorded people before the gate", INK, font=font(28))
    line = (
        f"{record.people:,} enrolled ({real:,} real, {record.generated:,} generated)    "
        f"granted {f.granted}    kept out {f.kept_out}    strangers granted {f.strangers_granted}"
    )
    if f.latency is not None:
        line += f"    frame to relay {1000 * f.latency[0]:.0f} ms (p50)"
    draw.text((GAP, 56), line, SOFT, font=font(18))


def _card(attempt: Attempt) -> Pillow.Image:
    colour = COLOURS[attempt.outcome]
    card = Pillow.new("RGB", (WIDTH, HEIGHT + CAPTION), CARD)
    card.paste(_frame(attempt), (0, 0))
    draw = ImageDraw.Draw(card)
    draw.rectangle((0, HEIGHT, WIDTH, HEIGHT + 3), colour)
    word = WORDS[attempt.outcome]
    bold = font(17)
    wide = draw.textlength(word, bold)
    draw.rounded_rectangle((12, HEIGHT + 14, 32 + wide, HEIGHT + 42), 14, colour)
    draw.text((22, HEIGHT + 17), word, GROUND, font=bold)
    stranger = attempt.outcome == REFUSED and not attempt.attack
    name = attempt.recognised or ("unknown" if stranger else "")
    draw.text((44 + wide, HEIGHT + 17), _short(draw, name, WIDTH - wide - 150), INK, font=bold)
    small = font(14)
    score = score_text(attempt)
    if score:
        text = f"score {score}"
        draw.text((WIDTH - 12 - draw.textlength(text, small), HEIGHT + 20), text, SOFT, font=small)
    door = f"door {attempt.door}"
    draw.text((12, HEIGHT + 50), door, colour, font=small)
    facts = [attempt.reason]
    if attempt.latency is not None:
        facts.append(f"{1000 * attempt.latency:.0f} ms to the relay")
    if attempt.second is not None:
        facts.append(f"at {attempt.second:.1f} s")
    text = ", ".join(x for x in facts if x)
    draw.text((WIDTH - 12 - draw.textlength(text, small), HEIGHT + 50), text, SOFT, font=small)
    truth = attempt.attack or attempt.person or "nobody"
    if attempt.person and not attempt.attack:
        truth += ", enrolled" if attempt.enrolled else ", not enrolled"
    line = _short(draw, f"{attempt.recording}: {truth}", WIDTH - 24, 13)
    wrong = not attempt.as_expected
    draw.text((12, HEIGHT + 74), line, COLOURS[REFUSED] if wrong else SOFT, font=font(13))
    return card


def _frame(attempt: Attempt) -> Pillow.Image:
    assert attempt.image is not None
    frame = Pillow.fromarray(attempt.image[:, :, ::-1].copy())
    scale = max(WIDTH / frame.width, HEIGHT / frame.height)
    small = frame.resize((round(frame.width * scale), round(frame.height * scale)))
    left, top = (small.width - WIDTH) // 2, (small.height - HEIGHT) // 2
    small = small.crop((left, top, left + WIDTH, top + HEIGHT))
    draw = ImageDraw.Draw(small)
    for mark in attempt.marks:
        x0, y0, x1, y1 = (
            value * scale - shift
            for value, shift in zip(mark.box, (left, top, left, top), strict=True)
        )
        draw_mark(draw, (x0, y0, x1, y1), mark.label, COLOURS[mark.outcome], WIDTH)
    return small


def draw_mark(
    draw: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    label: str,
    colour: Colour,
    width: int,
) -> None:
    """A face's box, in pixels, and its label inside a picture of that width."""
    x0, y0 = box[:2]
    draw.rounded_rectangle(box, 8, outline=colour, width=3)
    if label:
        face = font(14)
        wide = draw.textlength(label, face) + 14
        # over the box, or in it where the frame ends
        y = y0 - 24 if y0 >= 26 else max(2.0, y0 + 4)
        x = min(max(2.0, x0), width - wide - 2)
        draw.rounded_rectangle((x, y, x + wide, y + 21), 6, colour)
        draw.text((x + 7, y + 2), label, GROUND, font=face)


def _short(draw: ImageDraw.ImageDraw, text: str, width: float, size: int = 17) -> str:
    face = font(size)
    if draw.textlength(text, face) <= width:
        return text
    while text and draw.textlength(text + "…", face) > width:
        text = text[:-1]
    return text + "…"


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
