"""Photographs of every state of the screen in a real Chromium, for docs/screen/.

python -m benchmarks.screenshots docs/screen [--browser /usr/bin/chromium]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from gate.clock import SystemClock
from gate.screen.message import Item, Look, Message
from gate.screen.server import Screen
from gate.screen.settings import ScreenSettings

WARM = Item("temperature", True, "36.5")
HIGH = Item("temperature", False, "37.9")
GREEN = Item("code", True, "绿码 green")
RED = Item("code", False, "红码 red")
UNKNOWN = Item("code", None, "")
LABELS = {"code": {"zh": "健康码", "en": "Health code"}}


def states() -> dict[str, Message]:
    later = SystemClock().utc().astimezone().replace(hour=18, minute=30)
    return {
        "idle": Message(Look.IDLE, "idle"),
        "guide-closer": Message(Look.GUIDE, "too_far"),
        "guide-mask": Message(Look.GUIDE, "mask"),
        "guide-measuring": Message(Look.GUIDE, "measuring_again"),
        "wait": Message(Look.WAIT, "one_moment"),
        "grant": Message(Look.GRANT, "welcome", name="李*红", items=(WARM, GREEN)),
        "grant-next": Message(
            Look.WAIT, "one_moment", earlier=(Message(Look.GRANT, "welcome", name="李*红"),)
        ),
        "grant-earlier": Message(
            Look.GRANT,
            "welcome",
            name="王*",
            items=(WARM, GREEN),
            earlier=(
                Message(Look.DENY, "face_unknown"),
                Message(Look.GRANT, "welcome", name="李*红"),
            ),
        ),
        "grant-advice": Message(
            Look.GRANT, "welcome", ("temperature_high",), name="欧阳*", items=(HIGH,)
        ),
        "deny-unknown": Message(Look.DENY, "face_unknown"),
        "deny-temperature": Message(Look.DENY, "temperature_high", items=(HIGH,)),
        "deny-status": Message(Look.DENY, "status_bad", items=(WARM, RED)),
        "grant-no-status": Message(Look.GRANT, "welcome", name="李*红", items=(WARM, UNKNOWN)),
        "deny-holiday": Message(Look.DENY, "not_on_holidays"),
        "deny-permit": Message(Look.DENY, "permit_wrong_gate"),
        "ask-card": Message(Look.ASK, "face_doubtful"),
        "ask-look-alike": Message(Look.ASK, "look_alike"),
        "open": Message(Look.OPEN, "door_held_open", until=later),
        "emergency": Message(Look.EMERGENCY, "emergency", until=later),
        "fire": Message(Look.FIRE, "door_released"),
        "lockdown": Message(Look.LOCKDOWN, "lockdown"),
        "fault": Message(Look.FAULT, "camera_fault"),
    }


def shoot(page: Any, screen: Screen, message: Message, file: Path) -> None:
    number = screen.show(message)
    page.wait_for_selector(f"body[data-painted='{number}']")
    page.wait_for_timeout(350)
    too_wide = page.evaluate(
        "[...document.querySelectorAll('main *, #items *, header *')].filter(e => {"
        " const r = e.getBoundingClientRect(); return r.width && !e.closest('svg') &&"
        " (r.right > innerWidth + 1 || r.bottom > innerHeight + 1 || r.left < -1 || r.top < -1)"
        "}).map(e => e.id || e.tagName)"
    )
    print(file.name, "outside the screen: " + ", ".join(too_wide) if too_wide else "")
    photograph(page, file)


def photograph(page: Any, file: Path) -> None:
    page.screenshot(path=str(file))
    Image.open(file).convert("RGB").quantize(48).save(file, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=args.browser, args=["--no-sandbox"])
        shapes = [
            ("zh", ("zh", "en"), 1280, 800, None),
            ("en", ("en",), 1280, 800, None),
            (
                "portrait",
                ("zh", "en"),
                600,
                1024,
                {"grant", "grant-next", "grant-earlier", "deny-unknown", "guide-closer"},
            ),
        ]
        for name, languages, width, height, only in shapes:
            settings = ScreenSettings(port=0, languages=languages, speech="off")
            with Screen(settings, SystemClock(), labels=LABELS) as screen:
                page = browser.new_page(viewport={"width": width, "height": height})
                page.goto(screen.address)
                for state, message in states().items():
                    if only is None or state in only:
                        shoot(page, screen, message, args.folder / f"{state}-{name}.png")
                if name != "portrait":
                    shoot(page, screen, states()["idle"], args.folder / f"idle-{name}.png")
                    screen.stop()  # the program has ended, the page finds out by itself
                    page.wait_for_selector("body[data-look='fault']", timeout=15_000)
                    photograph(page, args.folder / f"offline-{name}.png")
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
