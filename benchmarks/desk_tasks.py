"""Ten tasks of a clerk's day at the desk, timed from the sign-in in Chromium.

    python -m benchmarks.desk_tasks
    python -m benchmarks.desk_tasks --keyboard    (no mouse)
    python -m benchmarks.desk_tasks --zoom        (200 %)

Clicks are presses of buttons, links, ticks and choices, and a stroke over a grid; fields that are
typed into are counted apart, since one goes from field to field by Tab. Each task ends with a look
into the register: was it done? After each, the page is examined by axe and for what is too wide.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from pypinyin import Style, lazy_pinyin
from sqlalchemy import func, select

from benchmarks.community import GATES, LABELS, PASSWORD, Community, beat, settle
from benchmarks.desk_browser import CHROMIUM, breaches, give_axe, served, sign_in, too_wide
from enroll.faces import Faces
from gate.store.settings import StoreSettings
from gate.store.store import Store
from gate.store.tables import AcknowledgementRow, OrderRow, PermitRow, PersonRow

# clicks and fields in the desk before its pages were rewritten, counted in its templates
# (git show f48fe99:enroll/templates); None: could not be done at the desk
BEFORE: dict[str, tuple[int, int] | None] = {
    "enrol a family of three": (11, 12),
    "find somebody by initials": None,  # only by Chinese characters
    "explain a refusal on the telephone": (5, 0),  # and by its raw record
    "let a group pass on Saturdays": None,  # the rule: only on the command line
    "extend forty tenants": (163, 40),
    "give a visitor a permit": (6, 6),
    "hold the gate for a removal van": (2, 2),
    "acknowledge a fault that came eight times": (9, 0),
    "print a building's chart": None,
    "delete who moved out": (6, 0),
}
_TABS = 700  # presses of Tab after which something counts as out of reach


@dataclass
class Hands:
    """Somebody before the page, with a mouse or with keys alone."""

    page: Any
    address: str
    keys: bool
    clicks: int = 0
    fields: int = 0
    strokes: int = 0
    unreachable: list[str] = field(default_factory=list)

    def press(self, selector: str) -> None:
        """A button, link or tick."""
        self.clicks += 1
        target = self.page.locator(selector).first
        if not self.keys:
            target.click()
            return
        self._go_to(target, selector)
        ticks = target.evaluate("e => e.matches('input[type=checkbox]')")
        leads_on = target.evaluate(
            "e => e.matches('a[href]') || (e.type === 'submit' && e.form !== null)"
        )
        self.strokes += 1
        if not leads_on:
            self.page.keyboard.press("Space" if ticks else "Enter")
            return
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def write(self, selector: str, text: str) -> None:
        self.fields += 1
        target = self.page.locator(selector).first
        if self.keys:
            self._go_to(target, selector)
            if target.get_attribute("type") == "date":
                target.fill(text)  # the order of its parts is the browser's
            else:
                self.page.keyboard.press("Control+a")
                self.page.keyboard.type(text)
        else:
            target.fill(text)

    def choose(self, selector: str, value: str) -> None:
        """An entry of a list: one press opens it, one chooses."""
        self.clicks += 2
        target = self.page.locator(selector).first
        if not self.keys:
            target.select_option(value)
            return
        self._go_to(target, selector)
        entries = target.evaluate("e => [...e.options].map(o => o.value)")
        self.page.keyboard.press("Home")
        for _ in range(entries.index(value)):
            self.page.keyboard.press("ArrowDown")
        self.strokes += 1 + entries.index(value)

    def paint(self, row: int, first: int, last: int) -> None:
        """A stroke over hours of the week."""
        self.clicks += 1
        cells = [self.page.locator(f'td[data-row="{row}"][data-at="{n}"]') for n in (first, last)]
        if not self.keys:
            for cell in (cells[1], cells[0]):
                cell.scroll_into_view_if_needed()
            boxes = [cell.bounding_box() for cell in cells]
            for number, box in enumerate(boxes):
                self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
                if number == 0:
                    self.page.mouse.down()
            self.page.mouse.up()
            return
        self._go_to(self.page.locator('td[tabindex="0"]'), "the week's grid")
        at = self.page.evaluate(
            "[...'row at'.split(' ')].map(k => +document.activeElement.dataset[k])"
        )
        for _ in range(row - at[0]):
            self.page.keyboard.press("ArrowRight")
        for _ in range(abs(first - at[1])):
            self.page.keyboard.press("ArrowDown" if first > at[1] else "ArrowUp")
        self.page.keyboard.press("Space")
        for _ in range(last - first):
            self.page.keyboard.press("Shift+ArrowDown")
        self.strokes += row - at[0] + abs(first - at[1]) + 1 + last - first

    def _go_to(self, target: Any, what: str) -> None:
        """Tab until it has the focus."""
        target.wait_for(state="attached")
        for _ in range(_TABS):
            if target.evaluate("e => e === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
            self.strokes += 1
        self.unreachable.append(what)
        target.focus()


def family(hands: Hands, community: Community) -> bool:
    hands.press('a[href="/people/new"]')
    hands.write("[name=name]", "赵一")
    hands.write("[name=birth_year]", "1980")
    hands.write("[name=building]", "3")
    hands.write("[name=unit]", "808")
    for row, (name, born) in enumerate((("赵二", "1982"), ("赵三", "1999"))):
        hands.write(f"[name=more_name] >> nth={row}", name)
        hands.write(f"[name=more_birth_year] >> nth={row}", born)
    hands.press("form .row button")
    for name in ("赵一", "赵二", "赵三"):
        hands.page.wait_for_selector(f'h1:has-text("{name}")')
        hands.press("button[name=answer][value=agreed]")
    hands.page.wait_for_url("**/enrol?*")
    return _people(community, PersonRow.name.in_(("赵一", "赵二", "赵三"))) == 3


def initials(hands: Hands, community: Community) -> bool:
    wanted = community.people[10]
    letters = "".join(lazy_pinyin(wanted.name, style=Style.FIRST_LETTER))
    hands.press('nav a[href="/people"]')
    hands.write("#text", letters)
    hands.press(f'#found a[href="/people/{wanted.id}"]')
    hands.page.wait_for_url(f"**/people/{wanted.id}")
    return bool(wanted.name in hands.page.locator("h1").inner_text())


def refusal(hands: Hands, community: Community) -> bool:
    hands.press("#stream li.bad:has(small) a, #stream li.warn:has(small) a")
    hands.page.wait_for_url("**/events/*")
    hands.page.locator(".notice").wait_for()  # what would have let them in
    return bool(hands.page.locator("dl.facts dd").count() > 1)


def saturdays(hands: Hands, community: Community) -> bool:
    hands.press('nav a[href="/rules"]')
    hands.press('a[href="/rules/schedule?name=gardeners"]')
    hands.page.wait_for_url("**/rules/schedule*")
    hands.paint(5, 16, 23)
    hands.page.locator("#effects h3").wait_for()
    hands.press("form.columns p button:not([type])")
    hands.page.wait_for_url("**/rules?said=saved")
    text = community.desk.store.rulebook.schedules()["gardeners"]
    return "sat 08:00-12:00" in text


def extend(hands: Hands, community: Community) -> bool:
    before = _people(community, PersonRow.valid_until > _later(community, 390))
    hands.press('nav a[href="/people"]')
    hands.choose("#state", "ends_soon")
    hands.page.locator("#batch input[name=state][value=ends_soon]").wait_for(state="attached")
    hands.press("#batch details.batch > summary")
    hands.press("#batch [data-all]")
    chosen = hands.page.locator("#batch input[name=person]:checked").count()
    last = _later(community, 400).astimezone().date()
    hands.write("#last_day", f"{last}")
    hands.press("#batch details button")
    hands.page.wait_for_url("**done=**")
    after = _people(community, PersonRow.valid_until > _later(community, 390))
    return bool(40 <= chosen == after - before)


def visitor(hands: Hands, community: Community) -> bool:
    hands.press('nav a[href="/visitors"]')
    hands.write("[name=name]", "钱客")
    hands.write("[name=building]", "2")
    hands.write("[name=unit]", "302")
    hands.press('form[action="/visitors"] button')
    hands.page.locator("#f-link").wait_for()
    with community.desk.store.database.read() as session:
        query = select(func.count()).select_from(PermitRow).join(PersonRow)
        return bool(session.scalar(query.where(PersonRow.name == "钱客")) == 1)


def hold(hands: Hands, community: Community) -> bool:
    gate = hands.page.locator(".gate", has_text=LABELS[GATES[0]]).first
    number = gate.evaluate("e => [...document.querySelectorAll('.gate')].indexOf(e)")
    at = f".gates > .gate:nth-child({number + 1})"
    hands.press(f"{at} details summary")
    hands.press(f'{at} button[formaction$="/hold"][value="30"]')
    hands.page.wait_for_url("**said=ordered*")
    with community.desk.store.database.read() as session:
        query = select(func.count()).select_from(OrderRow)
        return session.scalar(query.where(OrderRow.command == "hold")) == 1


def acknowledge(hands: Hands, community: Community) -> bool:
    hands.press('a[href="/alarms"]')
    hands.press('article form button:has-text("8")')
    hands.page.wait_for_url("**said=acknowledged")
    with community.desk.store.database.read() as session:
        return session.scalar(select(func.count()).select_from(AcknowledgementRow)) == 8


def wall_chart(hands: Hands, community: Community) -> bool:
    hands.page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    hands.press('nav a[href="/people"]')
    hands.press('a[href="/chart"]')
    hands.press("nav.chips a:not([aria-current])")
    hands.page.wait_for_url("**/chart/*")
    hands.page.evaluate("window.print = () => { window.printed = true; }")
    hands.press("button[data-print]")
    return bool(hands.page.evaluate("window.printed === true"))


def delete(hands: Hands, community: Community) -> bool:
    gone = community.people[20]
    community.desk.store.people.update(gone.id, active=False)
    hands.page.reload()
    hands.press('main a[href="/people?state=moved_out"]')
    hands.page.on("dialog", lambda dialog: dialog.accept())
    hands.press(f'button[formaction="/people/{gone.id}/delete"]')
    hands.clicks += 1  # the question
    hands.page.wait_for_url("**said=deleted*")
    return community.desk.store.people.get(gone.id) is None


TASKS: dict[str, Callable[[Hands, Community], bool]] = dict(
    zip(
        BEFORE,
        (
            family,
            initials,
            refusal,
            saturdays,
            extend,
            visitor,
            hold,
            acknowledge,
            wall_chart,
            delete,
        ),
        strict=True,
    )
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keyboard", action="store_true", help="no mouse")
    parser.add_argument("--zoom", action="store_true", help="200 %% of a window of 1366 x 768")
    parser.add_argument("--language", default="zh")
    parser.add_argument("--only", default="", help="tasks whose name has this")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        Store.open(StoreSettings(ballast=0), Path(name)) as store,
    ):
        community = settle(store, Path(name), days=3)
        # the camera's page is reached, and no picture is taken
        known = SimpleNamespace(matcher=lambda: None)
        community.desk.faces = Faces(cast(Any, SimpleNamespace()), cast(Any, known))
        _forty_tenants(community)
        with served(community.desk) as address:
            wrong = run(community, address, options)
    print("\n".join(wrong) or "axe: nothing; nothing too wide; everything within reach")
    raise SystemExit(bool(wrong))


def run(community: Community, address: str, options: Any) -> list[str]:
    """Do the tasks and print a line for each; what is wrong with pages or tasks."""
    from playwright.sync_api import sync_playwright

    wrong: list[str] = []
    print(f"{'task':42} {'before':>9} {'clicks':>7} {'fields':>7} {'keys':>6} {'s':>6}  done")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for task, do in TASKS.items():
            if options.only not in task:
                continue
            wide, high = (683, 384) if options.zoom else (1366, 768)
            context = browser.new_context(
                viewport={"width": wide, "height": high},
                device_scale_factor=2 if options.zoom else 1,
            )
            give_axe(context)
            page = context.new_page()
            page.set_default_timeout(60_000)
            beat(community.desk)
            sign_in(page, address, options.language, "manager", PASSWORD)
            hands = Hands(page, address, options.keyboard)
            if options.zoom:
                page.evaluate("document.querySelector('.burger')?.click()")
            start = time.monotonic()
            done = do(hands, community)
            seconds = time.monotonic() - start
            before = BEFORE[task]
            was = "–" if before is None else f"{before[0]} + {before[1]}"
            print(
                f"{task:42} {was:>9} {hands.clicks:7} {hands.fields:7} {hands.strokes:6} "
                f"{seconds:6.1f}  {'yes' if done else 'NO'}",
                flush=True,
            )
            wrong.extend([] if done else [f"{task}: not done"])
            wrong.extend(f"{task}: no key reaches {what}" for what in hands.unreachable)
            wrong.extend(breaches(page, task) + too_wide(page, task))
            context.close()
        browser.close()
    return wrong


def _forty_tenants(community: Community) -> None:
    """Forty people whose last day is near, beside those of the community."""
    for number in range(40):
        community.desk.store.people.create(
            f"租户{number}", kind="tenant", valid_until=_later(community, 9)
        )


def _later(community: Community, days: int) -> Any:
    return community.desk.clock.utc() + timedelta(days=days)


def _people(community: Community, condition: Any) -> int:
    with community.desk.store.database.read() as session:
        return session.scalar(select(func.count()).select_from(PersonRow).where(condition)) or 0


if __name__ == "__main__":
    main()
