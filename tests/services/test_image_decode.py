"""Photographs of every kind a telephone, a scanner or an office sends."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageFile

from gate.errors import CameraError
from gate.services.image_decode import LONGEST_SIDE, check_header, decode, reduced

FIXTURES = Path(__file__).parents[2] / "fixtures"
PORTRAIT = FIXTURES / "photographs" / "eileen-collins.jpg"
HEIC = FIXTURES / "cases" / "30_heic"


def source(size=(256, 256)) -> Pillow.Image:
    return Pillow.open(PORTRAIT).convert("RGB").resize(size)


def saved(picture: Pillow.Image, form: str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def difference(data: bytes) -> float:
    """Mean difference in grey levels of a photograph from its source, shrunk to 64 pixels."""
    small = cv2.resize(decode(data), (64, 64), interpolation=cv2.INTER_AREA).astype(float)
    right = np.asarray(source().resize((64, 64), Pillow.Resampling.BOX))[:, :, ::-1]
    return float(np.abs(small - right).mean())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("WEBP", {"quality": 90}),
        ("AVIF", {"quality": 80}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("BMP", {}),
        ("GIF", {}),
    ],
)
def test_each_format(form, options):
    assert difference(saved(source(), form, **options)) < 8


@pytest.mark.parametrize("name", ["upright.heic", "turned.heic"])
def test_a_heic_of_a_telephone_held_upright_or_on_its_side(name):
    """turned.heic is stored on its side with the rotation beside it, as iPhones do; it must not
    be turned twice."""
    data = (HEIC / name).read_bytes()
    check_header(data)
    assert difference(data) < 8


@pytest.mark.parametrize("damage", [b"Ex\xaff", b"\xff\xff\xff\xff"])
@pytest.mark.slow
def test_an_item_of_a_heic_that_is_no_text_does_not_end_the_process(damage):
    """In another process, which pi-heif 1.4 ends by a segmentation fault without the check."""
    data = (HEIC / "turned.heic").read_bytes()
    code = (
        "import sys\nfrom gate.errors import CameraError\n"
        "from gate.services.image_decode import decode\n"
        "try:\n    decode(sys.stdin.buffer.read())\n"
        "except CameraError as error:\n    print(error.what)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=data.replace(b"Exif", damage, 1),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.strip() == b"the HEIC photograph is damaged"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (3, Pillow.Transpose.ROTATE_180),
        (6, Pillow.Transpose.ROTATE_90),
        (8, Pillow.Transpose.ROTATE_270),
        (2, Pillow.Transpose.FLIP_LEFT_RIGHT),
    ],
)
def test_turned_by_exif(form, orientation, undo):
    exif = Pillow.Exif()
    exif[0x112] = orientation
    assert difference(saved(source().transpose(undo), form, exif=exif)) < 10


def test_a_damaged_exif_block_is_no_reason_to_refuse_the_pixels():
    data = saved(source(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12")
    assert difference(data) < 8


@pytest.mark.slow
def test_cmyk_grey_palette_sixteen_bits_and_one_bit():
    assert difference(saved(source().convert("CMYK"), "JPEG")) < 12
    for picture in (source().convert("L"), source().convert("P"), source().convert("1")):
        assert decode(saved(picture, "PNG")).shape == (256, 256, 3)
    deep = np.asarray(source().convert("L")).astype(np.uint16) * 257
    image = decode(saved(Pillow.fromarray(deep), "PNG"))
    grey = np.asarray(source().convert("L"))
    assert np.abs(image[:, :, 0].astype(int) - grey).max() <= 1


def test_what_is_transparent_becomes_white():
    picture = source().convert("RGBA")
    picture.putalpha(0)
    assert (decode(saved(picture, "PNG")) == 255).all()


@pytest.mark.slow
def test_the_first_picture_of_an_animation():
    data = saved(source(), "GIF", save_all=True, append_images=[Pillow.new("RGB", (256, 256))])
    assert difference(data) < 12


def test_a_picture_of_two_as_cameras_save_them():
    """MPO: a second JPEG behind the first."""
    data = saved(source(), "MPO", save_all=True, append_images=[source((128, 128))])
    assert difference(data) < 8


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_photograph_cut_off_is_damaged(share, monkeypatch):
    # as after an import of face_recognition
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data = saved(source(), "JPEG")
    with pytest.raises(CameraError, match="damaged"):
        decode(data[: int(len(data) * share)], "a.jpg")


def test_a_video_beside_a_photograph_is_said_to_be_none():
    for head in (b"\0\0\0\x14ftypqt  ", b"\0\0\0\x18ftypmp42", b"RIFF\0\0\0\0AVI "):
        with pytest.raises(CameraError):
            decode(head + bytes(100), "IMG_0001.MOV")


def test_what_is_no_photograph():
    for data in (b"", b"text", b"%PDF-1.7", b"\xff\xd8\xff"):
        with pytest.raises(CameraError, match="not a readable photograph"):
            check_header(data)


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size; its pixels compress to almost nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 60_000), (8_000, 8_000)])
def test_a_small_file_that_would_unpack_to_gigabytes(size):
    with pytest.raises(CameraError, match="too many pixels"):
        check_header(png_of(*size))


@pytest.mark.slow
def test_fifty_megapixels_of_a_telephone():
    data = saved(source().resize((8160, 6120)), "JPEG", quality=60)
    image = decode(data)
    assert max(image.shape) <= LONGEST_SIDE
    assert image.shape[0] / image.shape[1] == pytest.approx(0.75, abs=0.01)


def test_reduced_never_enlarges():
    image = np.zeros((100, 50, 3), np.uint8)
    assert reduced(image, 1024).shape == (100, 50, 3)
    assert reduced(image, 10).shape == (10, 5, 3)
