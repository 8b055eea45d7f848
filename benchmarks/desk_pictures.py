"""Every page of the desk as a picture: three sizes, both languages, light and dark; axe on each.

    python -m benchmarks.desk_pictures FOLDER [--pages /,/events] [--looks tablet-zh-dark] [--all]

Without ``--all`` and ``--looks`` one look a size: zh light, en dark and zh light. The community is
drawn (``benchmarks.community``). Prints what axe finds and which pages are too wide; then exits
with 1.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.community import PASSWORD, Community, beat, settle
from benchmarks.desk_browser import CHROMIUM, breaches, give_axe, served, sign_in, too_wide
from enroll.app import create_app
from gate.store.settings import StoreSettings
from gate.store.store import Store

SIZES = {"desktop": (1366, 768), "tablet": (1024, 768), "telephone": (390, 844)}
ASKED = {"/rules/remove": "?part=schedule&name=weekdays"}  # what a page cannot do without
LOOKS = (("desktop", "zh", "light"), ("tablet", "en", "dark"), ("telephone", "zh", "light"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", default="", help="only these, separated by commas")
    parser.add_argument("--all", action="store_true", help="every size, language and theme")
    parser.add_argument("--looks", default="", help="only these, separated by commas")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    looks = list(itertools.product(SIZES, ("zh", "en"), ("light", "dark")))
    named = [look for look in looks if "-".join(look) in options.looks.split(",")]
    with (
        tempfile.TemporaryDirectory() as name,
        Store.open(StoreSettings(ballast=0), Path(name)) as store,
    ):
        community = settle(store, Path(name))
        pages = options.pages.split(",") if options.pages else addresses(community)
        with served(community.desk) as address:
            faults = photograph(
                community, address, pages, looks if options.all else named or LOOKS, options.folder
            )
    print("\n".join(faults) or "nothing found")
    sys.exit(bool(faults))


def addresses(community: Community) -> list[str]:
    """Every page there is; those of one thing with one that is there."""
    refused = next(event for event in reversed(community.events) if event.decision == "deny")
    known = {"person": str(community.people[10].id), "event": refused.id, "building": "1"}
    found = []
    for path, methods in create_app(community.desk).openapi()["paths"].items():
        blanks = {part.strip("{}") for part in path.split("/") if part.startswith("{")}
        hidden = ("/login", "/setup", "/healthz", "/progress", "/stream")
        plain = not path.endswith((".csv", ".jpg", ".xlsx", ".pdf", "/data", *hidden))
        if "get" in methods and blanks <= set(known) and plain:
            found.append(path.format(**known) + ASKED.get(path, ""))
    return found


def photograph(
    community: Community, address: str, pages: list[str], looks: Any, folder: Path
) -> list[str]:
    """A picture of each page in each look; what is wrong with them."""
    from playwright.sync_api import sync_playwright

    faults: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for size, language, theme in looks:
            width, height = SIZES[size]
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=theme
            )
            give_axe(context)
            page = context.new_page()
            page.set_default_timeout(60_000)
            page.on("pageerror", lambda error: faults.append(f"script: {error}"))
            sign_in(page, address, language, "manager", PASSWORD)
            # the audit is for auditors; what is on it at the end, all the others wrote
            for path in sorted(pages, key=lambda path: path.startswith("/audit")):
                beat(community.desk)
                if path.startswith("/audit"):
                    context.clear_cookies()
                    sign_in(page, address, language, "auditor", PASSWORD)
                answer = page.goto(address + path, wait_until="load")
                if answer is None or not answer.ok:
                    faults.append(f"{path}: answered {answer.status if answer else 'nothing'}")
                name = f"{size}-{language}-{theme}{path.split('?')[0].replace('/', '-')}"
                page.screenshot(path=folder / f"{name}.png", full_page=True)
                faults.extend(breaches(page, name) + too_wide(page, name))
            context.close()
        browser.close()
    return faults


if __name__ == "__main__":
    main()
