"""An upload that the end of the program cut off is not taken for a whole one."""

from __future__ import annotations

import io
import os
import signal
from pathlib import Path

import pytest

from enroll.imports import Imports
from enroll.uploads import Uploads
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.warm import Task

TABLE = "name,card\n" + "".join(f"P{n},{n}\n" for n in range(200))
STORE = StoreSettings(ballast=0)


class Dying(io.BytesIO):
    """Ends the program after half of it was read."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(len(TABLE) // 2)


def uploads(data: Path, photos: bool) -> None:
    whole, dying = io.BytesIO(TABLE.encode()), Dying(TABLE.encode())
    with Store.open(STORE, data) as store:
        imports = Imports(store, data / "imports", lambda: None)
        table, archive = (whole, dying) if photos else (dying, None)
        imports.add("people.csv", table, archive, "li")


@pytest.mark.slow
@pytest.mark.parametrize("photos", [False, True])
def test_an_upload_that_was_cut_off_is_gone_with_the_next_start(
    tmp_path: Path, photos: bool
) -> None:
    data = tmp_path / "data"
    Store.open(STORE, data).close()
    task = Task(uploads, data, photos, out=tmp_path / "out")
    assert task.wait() == -signal.SIGKILL, (tmp_path / "out").read_text()
    left = Uploads(data / "imports")
    assert left.jobs() == {1}
    assert not left.table(1).exists()
    with Store.open(STORE, data) as store:
        imports = Imports(store, data / "imports", lambda: None)
        assert imports.get(1) is None
        assert left.jobs() == set()
        whole = imports.add("people.csv", io.BytesIO(TABLE.encode()), None, "li")
        imports.close()
        assert left.table(whole.id).read_text() == TABLE
        Imports(store, data / "imports", lambda: None).close()
        assert left.table(whole.id).exists()
