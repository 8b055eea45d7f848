"""Any table file by its content, whatever its name ends in."""

from __future__ import annotations

import codecs
import email
import io
import re
import zipfile
from pathlib import Path

from gate.errors import ConfigurationError
from gate.importing.book import Book, Damaged, locked
from gate.importing.delimited import MOST_BYTES, rank, read_delimited
from gate.importing.guesses import is_heading
from gate.importing.html import read_html
from gate.importing.ods import read_flat_ods, read_ods
from gate.importing.xls import read_xls
from gate.importing.xlsx import read_xlsx
from gate.importing.xml2003 import read_xml_2003

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".et", ".ods", ".csv", ".tsv", ".txt")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PAGE = re.compile(r"<(?:table|html|!doctype html)\b", re.IGNORECASE)
_MEND = "save it as an Excel workbook (.xlsx) or as CSV (UTF-8)"


def read_book(path: Path, encoding: str = "") -> Book:
    """The sheets of a file: .xlsx, .xls, .ods, .csv and what programs call so.

    Args:
        encoding: of a text file, chosen by a person; "" to recognise it.

    Raises ConfigurationError.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        if zipfile.is_zipfile(path):
            return _packed(path)
        if path.stat().st_size > MOST_BYTES:
            raise ConfigurationError(
                "the table is larger than 200 MB", where=path.name, hint="split it"
            )
        return _unpacked(path.read_bytes(), head, path.name, encoding)
    except ConfigurationError:
        raise
    except Exception as error:  # every reader raises many kinds for a damaged file
        raise ConfigurationError("the table cannot be read", where=path.name, hint=_MEND) from error


def _packed(path: Path) -> Book:
    with zipfile.ZipFile(path) as archive:
        names = {name.replace("\\", "/").lower().lstrip("/") for name in archive.namelist()}
        if "encrypted-package" in names:  # OpenDocument 1.4
            raise locked(path.name)
        if "content.xml" in names:
            return read_ods(archive, path.name)
        if "index.zip" in names or any(name.endswith(".iwa") for name in names):
            raise ConfigurationError(
                "this is a document of Numbers",
                where=path.name,
                hint="in Numbers choose File, Export To, Excel",
            )
        if "xl/workbook.bin" in names:
            raise ConfigurationError(
                "this is a binary workbook (.xlsb)",
                where=path.name,
                hint="in Excel choose Save As, Excel Workbook (.xlsx)",
            )
        if "xl/workbook.xml" not in names and "_rels/.rels" not in names:
            raise ConfigurationError(
                "this is a ZIP archive and no table",
                where=path.name,
                hint="unpack it and choose the table; photographs are chosen beside it",
            )
        if "word/document.xml" in names:
            raise ConfigurationError("this is a document of Word", where=path.name, hint=_MEND)
        return read_xlsx(archive, path.name)


def _unpacked(data: bytes, head: bytes, name: str, encoding: str) -> Book:
    if head.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise locked(name)
        return read_xls(data, name)
    if head[:2] == b"\x09\x08" or head[:2] == b"\x09\x04":  # a bare stream of old programs
        return read_xls(data, name)
    if head.startswith((b"%PDF", b"\xff\xd8\xff", b"\x89PNG", b"Rar!", b"7z\xbc", b"{\\rtf")):
        raise ConfigurationError("this is no table", where=name, hint=_MEND)
    if head.startswith(b"PK\x03\x04"):
        raise Damaged("a damaged package")
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head and b"<html" not in head.lower():
        return read_xml_2003(data, name)
    if b"urn:oasis:names:tc:opendocument" in head:
        return read_flat_ods(data, name)
    if re.match(rb"\s*mime-version:", head.lower()):
        data = _page(data)
        head = data[:4096]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        if _PAGE.search(text := data.decode("utf-16", "replace")):
            return read_html(text, name)
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        head = data
    if _PAGE.search(head.decode("latin-1")):
        found = re.search(rb"charset=[\"']?([\w-]+)", head)
        names = [encoding or (found[1].decode() if found else ""), *rank(data[:65536], is_heading)]
        return read_html(_text(data, names), name)
    return read_delimited(data, name, is_heading, encoding)


def _page(data: bytes) -> bytes:
    """The web page of a single-file web page (.mht), as Excel saves workbooks too."""
    message = email.message_from_bytes(data)
    pages = [part for part in message.walk() if part.get_content_type() == "text/html"]
    found = [part.get_payload(decode=True) for part in pages]
    return max((page for page in found if isinstance(page, bytes)), key=len, default=b"<html>")


def _text(data: bytes, encodings: list[str]) -> str:
    for encoding in encodings:
        try:
            return io.TextIOWrapper(io.BytesIO(data), encoding, newline="").read()
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("gb18030", "replace")
