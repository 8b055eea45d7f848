"""Upload a table at the desk, and wait for the end of an import."""

from __future__ import annotations

import time
from pathlib import Path

PHOTOGRAPHS = Path(__file__).parent.parent.parent / "fixtures" / "photographs"


def upload(client, text, photos=None):
    files = {"table": ("people.csv", text.encode(), "text/csv")}
    if photos is not None:
        files["photos"] = ("photos.zip", photos, "application/zip")
    return client.post("/imports/new", data={"csrf": client.csrf}, files=files)


def finish(client, page):
    for _ in range(600):  # a minute
        if client.get(page.url.path + "/progress").headers.get("hx-location"):
            return client.get(page.url.path)
        time.sleep(0.1)
    raise AssertionError("the import does not end")
