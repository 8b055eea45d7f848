"""The whole register of a gate: loaded beside, checked, then applied piece by piece.

A slow link may break many times meanwhile, and the box may restart: what has come stays in a file,
and the hub goes on behind it. Nobody of it is in the register before all of it is there.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gate.errors import StoreError
from gate.replica.apply import Applier, Cursor

Line = dict[str, Any]
PART = "snapshot.part"  # the file, in the folder of the box's keys


class AnewError(Exception):
    """The hub does not go on with what this box has: it has another history, or the gate another
    scope. What there was is gone; everything has to be asked for from the beginning."""


class Arriving:
    """A file beside the register; nothing of it counts before ``whole``. One thread at a time.
    Raises StoreError where the disk refuses; what has come stays.

    Each line of it stands behind its checksum: a power cut may leave anything at its end, which is
    cut off when it is opened again.
    """

    def __init__(self, path: Path, box: str) -> None:
        """``box``: the id this box has at the hub; what another one has left there is thrown
        away."""
        self.path = path
        self.done = 0  # people who are here
        self.of = 0  # people who are to come in all
        self.complete = False
        self._position: Line = {}  # for the next request; nothing before the first head
        self._box = box
        self._asked = False
        self._rest = b""
        self._digest, self._count = hashlib.sha256(), 0
        with _disk(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.chmod(0o600)  # one that an earlier version has left
            self._file = path.open("r+b")
            right = 0
            for raw in self._file:
                line = _checked(raw)
                if line is None or (right == 0 and line != {"box": box}):
                    break
                if right:
                    self._follow(line)
                right += len(raw)
            self._file.seek(right)
            self._file.truncate()

    @property
    def begun(self) -> bool:
        """Whether the hub is asked to go on, not to begin."""
        return bool(self._position)

    @property
    def progress(self) -> tuple[int, int]:
        """Grows with what has come: people, and changes since."""
        return self.done, self._position.get("n", 0)

    def asked(self) -> Line:
        """What to ask the hub for: all, or what is missing."""
        self._asked = self.begun
        if not self._asked:
            with _disk(self.path):
                self._file.seek(0)
                self._file.truncate()
                self._keep(json.dumps({"box": self._box}).encode() + b"\n")
            self.done = 0
        self._rest = b""
        self._digest, self._count = hashlib.sha256(), 0
        return dict(self._position)

    def write(self, chunk: bytes) -> None:
        """Keep each line that is whole. Raises AnewError, and StoreError for what is no line."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for raw in lines:
            try:
                line = json.loads(raw)
                if self._count == 0 and self._asked and not line.get("resumed"):
                    self.drop()
                    raise AnewError
                if "end" in line:
                    self._end(line)
                else:
                    self._digest.update(raw + b"\n")
                    self._count += 1
                    self._follow(line)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                self.drop()
                raise _incomplete(self.path) from error
            with _disk(self.path):
                self._keep(raw + b"\n")
        with _disk(self.path):
            self._file.flush()

    def whole(self) -> Path:
        """The file, complete and as the hub sent it. Raises StoreError."""
        self.close()
        if not self.complete or not self.path.exists():
            raise _incomplete(self.path)
        return self.path

    def drop(self) -> None:
        """Nothing of it is to be used."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """What has come is kept for the next time, but for what the disk did not take."""
        with suppress(OSError):
            self._file.close()

    def _follow(self, line: Line) -> None:
        self.done += "ref" in line
        if "keys" in line:
            self.of = line.get("people", 0)
            if "resumed" not in line:  # a hub of before, which always begins
                return
            if not self.begun:
                self._position = {"at": line["n"], "at_mark": line["mark"], "after": ""}
            self._position |= {name: line[name] for name in ("n", "mark", "scope")}
        elif not self.begun:
            return
        elif "at" in line:
            self._position |= {"at": line["at"], "at_mark": line["at_mark"]}
        elif "ref" in line:
            self._position["after"] = line["ref"]
        elif "changes" in line:
            self._position |= {name: line["changes"][name] for name in ("n", "mark")}

    def _end(self, line: Line) -> None:
        right = line["sha256"] == self._digest.hexdigest() and line["end"] == self._count - 1
        if not right:
            raise ValueError("not what the hub has sent")
        self.complete = True

    def _keep(self, raw: bytes) -> None:
        self._file.write(b"%08x " % zlib.crc32(raw) + raw)


def arrived(path: Path) -> tuple[int, int]:
    """How many people have come, and of how many, while another process may write the file; (0, 0)
    where there is none, nothing has begun, or it is gone meanwhile."""
    done = of = 0
    with suppress(StoreError):  # the last line is not whole yet
        for line in _lines(path):
            done += "ref" in line
            of = line.get("people", of) if "keys" in line else of
    return done, of


def apply_snapshot(applier: Applier, path: Path) -> tuple[int, int, Cursor]:
    """Who left, who changed, and the number it is of.

    Deletions come first, then changes, in transactions as small as those of the feed: a decision
    meanwhile sees each person whole, as before or as after. Killed half way, it is begun again.
    What the file says last of somebody counts, and nothing else is ever applied. Raises StoreError:
    where the file is gone or damaged, before anything is applied.
    """
    keys: list[Line] = []
    gone: dict[str, Line] = {}
    newest: dict[str, int] = {}  # the line with what counts of each person
    register: Line = {}
    cursor = Cursor(0, "", 0)
    for number, line in enumerate(_lines(path)):
        for record in _records(line):
            newest[record["ref"]] = number
            gone.pop(record["ref"], None)
        said = line.get("changes", line)
        for item in [*said.get("erased", ()), *said.get("gone", ())]:
            gone[item["ref"]] = item
            newest.pop(item["ref"], None)
        if "keys" in said:
            keys.append(said["keys"])
        if "n" in said:
            cursor = Cursor(said["n"], said["mark"], said.get("scope", cursor.scope))
            register |= said
    applier.take_keys(*keys)
    applier.gone(list(gone.values()))  # those with a proof ask for a receipt
    left = applier.keep_only(set(newest))
    changed = applier.records(
        record
        for number, line in enumerate(_lines(path))
        for record in _records(line)
        if newest.get(record["ref"]) == number
    )
    applier.rules(register["rules"])
    applier.calibrations(register["calibrations"])
    if "configuration" in register:  # a hub of before does not know of it
        applier.configuration(register["configuration"])
    applier.move(cursor)
    return left, changed, cursor


def _records(line: Line) -> list[Line]:
    if "ref" in line:
        return [line]
    found: list[Line] = line.get("changes", {}).get("records", [])
    return found


def _lines(path: Path) -> Iterator[Line]:
    try:
        with path.open("rb") as file:
            for raw in file:
                if (line := _checked(raw)) is None:
                    raise _incomplete(path)
                yield line
    except OSError as error:  # gone, where the lease ended in this moment
        raise _incomplete(path) from error


def _checked(raw: bytes) -> Line | None:
    """A line of the file; None for one that is not as it was written."""
    checksum, _, body = raw.partition(b" ")
    if not body.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(body):
        return None
    line: Line = json.loads(body)
    return line


def _incomplete(path: Path) -> StoreError:
    return StoreError(
        "a snapshot arrived incomplete",
        where=str(path),
        hint="nothing: it is asked for again",
    )


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"what the hub sends cannot be kept: {error.strerror or error}",
            where=str(path),
            hint="check owner and room of the data folder",
        ) from error
