"""Today while people pass: no line is lost, and neither desk nor browser grows.

    python -m benchmarks.today_stream [--minutes 10] [--rate 60]

Passages are written into the database as a gate does, spread over four gates. Two look at Today: a
browser (Chromium), and a reader that goes away in the middle of it and comes back. The desk ends
each stream after five minutes, and the page opens the next where it was. Prints what was written
and seen, how late, and the memory of desk and page; exits with 1 when a line is lost or twice.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.community import GATES, PASSWORD, beat, settle
from benchmarks.desk_browser import CHROMIUM, served, sign_in
from enroll.live_feed import TYPES
from gate.events.event import Event
from gate.store.settings import StoreSettings
from gate.store.store import Store

SETTLED = 0.25  # share of the time after which memory is measured the first time
LATE = 30.0  # seconds the last line may take
_COUNT = """() => {
  window.seenLines = []; window.twice = 0;
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) {
      if (!node.id) continue;
      if (window.seenLines.includes(node.id)) window.twice += 1;
      window.seenLines.push(node.id);
    }
  }).observe(document.getElementById("stream"), { childList: true });
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=60.0, help="passages a minute")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        Store.open(StoreSettings(ballast=0), Path(name)) as store,
    ):
        community = settle(store, Path(name))
        with served(community.desk) as address:
            faults = _watch(community, address, options.minutes * 60, 60 / options.rate)
    print("\n".join(faults) or "no line lost, none twice")
    sys.exit(bool(faults))


class Reader(threading.Thread):
    """Follows the stream, is cut off once, and goes on behind the last line it has."""

    def __init__(self, address: str, breaks_after: float) -> None:
        super().__init__(daemon=True)
        self.seen: dict[str, float] = {}  # the number of the event → when it came
        self.twice = 0
        self.streams = 0
        self._breaks = time.monotonic() + breaks_after
        self._stopping = threading.Event()
        self._web = httpx.Client(base_url=address, timeout=60, headers={"accept": "text/html"})
        self._web.post("/login", data={"login": "desk", "password": PASSWORD})
        found = re.search('data-since="([^"]*)"', self._web.get("/").text)
        assert found is not None
        self._cursor = found[1]

    def stop(self) -> None:
        """Before the desk is stopped: it would wait for a stream that never ends."""
        self._stopping.set()
        self._web.close()

    def run(self) -> None:
        while not self._stopping.is_set():
            with suppress(httpx.TransportError):  # a stream that was cut: by us, or with the desk
                self._follow()
            self._stopping.wait(5.0)  # away: what comes now is read later

    def _follow(self) -> None:
        self.streams += 1
        with self._web.stream("GET", "/stream", params={"since": self._cursor}) as answer:
            id = ""
            for text in answer.iter_lines():
                if self._stopping.is_set():
                    return
                if text.startswith("id: "):
                    id = text[4:]
                elif text.startswith("data: ") and '"html": "<li' in text:
                    self._line(json.loads(text[6:])["html"])
                    self._cursor = id
                if time.monotonic() > self._breaks:
                    self._breaks = float("inf")
                    return

    def _line(self, html: str) -> None:
        found = re.search('id="e-([^"]+)"', html)
        assert found is not None
        self.twice += found[1] in self.seen
        self.seen.setdefault(found[1], time.monotonic())


def _watch(community: Any, address: str, seconds: float, every: float) -> list[str]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--enable-precise-memory-info"]
        )
        page = browser.new_context().new_page()
        page.set_default_timeout(60_000)
        sign_in(page, address, "zh", "manager", PASSWORD)
        page.evaluate(_COUNT)
        page.wait_for_selector("#stream-state.good")
        reader = Reader(address, seconds / 2)
        reader.start()
        written: dict[str, float] = {}
        memory: list[tuple[int, float]] = []

        def measure() -> None:
            page.evaluate("() => globalThis.gc?.()")
            memory.append((_resident(), page.evaluate("performance.memory.usedJSHeapSize")))

        _pass_people(community, seconds, every, written, measure, page)
        end = time.monotonic() + LATE
        while time.monotonic() < end and not _all_there(written, reader.seen, page):
            page.wait_for_timeout(200)
        measure()
        reader.stop()
        lines = {id.removeprefix("e-") for id in page.evaluate("window.seenLines")}
        twice, shown = page.evaluate(
            "[window.twice, document.getElementById('stream').children.length]"
        )
        browser.close()
    late = np.array([reader.seen[id] - at for id, at in written.items() if id in reader.seen])
    steady = np.quantile(late, (0.5, 0.95)) if len(late) else (0.0, 0.0)
    print(f"{len(written)} lines written in {seconds:.0f} s to {len(GATES)} gates")
    print(f"reader: {len(reader.seen)} lines in {reader.streams} streams, away once")
    print(f"  after {steady[0]:.2f} s (p50) / {steady[1]:.2f} s (p95, with the break)")
    print(f"browser: {len(lines)} lines came, {shown} shown")
    (desk_before, page_before), (desk_after, page_after) = memory[0], memory[-1]
    print(f"desk {desk_before / 2**20:.0f} → {desk_after / 2**20:.0f} MB resident")
    print(f"page {page_before / 2**20:.1f} → {page_after / 2**20:.1f} MB of scripts")
    checks = [
        (set(written) - set(reader.seen), "the reader lost {} lines"),
        (set(written) - lines, "the browser lost {} lines"),
        (range(reader.twice), "the reader got {} lines twice"),
        (range(twice), "the browser got {} lines twice"),
    ]
    return [text.format(len(which)) for which, text in checks if len(which)]


def _all_there(written: dict[str, float], seen: dict[str, float], page: Any) -> bool:
    lines = set(page.evaluate("window.seenLines"))
    return all(id in seen and f"e-{id}" in lines for id in list(written))


def _pass_people(
    community: Any,
    seconds: float,
    every: float,
    written: dict[str, float],
    measure: Callable[[], None],
    page: Any,
) -> None:
    """A passage each ``every`` seconds; the gates report their state as they do."""
    store, people = community.desk.store, community.people
    begin = time.monotonic()
    measured, beaten, turn = False, 0.0, 0
    while (passed := time.monotonic() - begin) < seconds:
        if passed >= turn * every:
            person, granted = people[turn % len(people)], turn % 9
            event = Event.make(
                GATES[turn % len(GATES)],
                "passage.granted" if granted else "passage.denied",
                datetime.now(UTC),
                passage=f"p{turn}",
                person=person.ref,
                decision="grant" if granted else "deny",
                reasons=("welcome",) if granted else ("not_now",),
            )
            assert event.type in TYPES
            (kept,) = store.events.append([event])
            written[kept.id] = time.monotonic()
            turn += 1
        if passed - beaten > 10:
            beaten = passed
            beat(community.desk)
        if not measured and passed > SETTLED * seconds:
            measured = True
            measure()
        page.wait_for_timeout(20)  # the browser's own events are handled meanwhile


def _resident() -> int:
    """Resident memory of this process, which is the desk, in bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 (not a file)
        return int(file.read().split()[1]) * 4096


if __name__ == "__main__":
    main()
