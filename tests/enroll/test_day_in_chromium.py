"""A whole day at the desk in a real browser with a camera that plays a photograph, and a real gate
beside it: ``gate run`` on the same database, in replay.

With ``GATE_SCREENSHOTS`` set to a folder the pages are kept there as pictures.
"""

from __future__ import annotations

import io
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest
from openpyxl import Workbook

from benchmarks.desk_browser import served
from enroll.desk import Desk
from enroll.faces import Faces
from enroll.permits import Permits
from gate.access.settings import PermitSettings
from gate.config.desk import DeskSettings
from gate.events.event import Event
from gate.recognition.detection.detector import HogDetector
from gate.recognition.encoders.dlib_onnx import DlibEncoder
from gate.recognition.quality.assessment import judge
from gate.recognition.quality.settings import QualitySettings
from gate.services.enrolment import Examiner
from gate.services.gallery_sync import KnownFaces
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.enroll.chromium import (
    LAPTOP,
    MARKS,
    PASSWORD,
    PHOTOGRAPHS,
    TABLET,
    Gate,
    browser,
    frames_of,
    jpeg,
    waiting,
)

pytestmark = MARKS


@pytest.fixture
def desk(tmp_path):
    encoder = DlibEncoder(tmp_path / "models", threads=1)
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as store:
        known = KnownFaces(store, encoder.name, encoder.dimension)
        examiner = Examiner(HogDetector(), [encoder], judge(QualitySettings(), enrolment=True))
        yield Desk(
            DeskSettings(community="阳光花园"),
            store,
            faces=Faces(examiner, known),
            permits=Permits.open(store, tmp_path / "data" / "permit.key", PermitSettings()),
            gate="north",
            not_seen_hours=24.0,
            folder=tmp_path / "data",
        )


@pytest.fixture
def gate(desk, tmp_path):
    # small pictures: on a crowded machine looks at large ones are further apart than a track lives
    gate = Gate(desk, tmp_path / "gate", frames_of("eileen-collins"))
    yield gate
    gate.close()


@pytest.fixture
def clerk(desk, chromium):
    with served(desk) as address, browser(chromium, address) as clerk:
        yield clerk


@pytest.mark.slow
def test_a_day(desk, gate, clerk):
    clerk.go("/")
    clerk.fill(code=desk.first_run.new_code(), login="wang", name="王经理")
    clerk.fill(password=PASSWORD, again=PASSWORD)
    clerk.look("setup")
    clerk.press("创建账户")
    clerk.page.wait_for_url("**/login**")
    clerk.look("login")
    clerk.sign_in("wang")
    clerk.look("today")
    assert gate.answer()["type"] != "passage.granted"  # a stranger still

    # somebody who stands there, from the empty form to done
    began = time.monotonic()
    person = clerk.new_person("科林斯", "1201", "person-form")
    clerk.look("consent")
    clerk.five_views()
    clerk.look("enrol")
    with ThreadPoolExecutor(1) as street:  # they walk while the page goes on to the try-out
        walk = street.submit(walk_up, gate, lambda: desk.store.templates.count())
        clerk.press("保存")
        clerk.page.wait_for_url("**/try**")
        saved, answer = walk.result()
    granted = (answer["time"] - saved).total_seconds()
    assert (answer["type"], answer["person"]) == (
        "passage.granted",
        desk.store.people.get(person).ref,
    ), answer
    clerk.page.wait_for_selector(".guidance.good")
    clerk.look("try-out")
    assert "认得" in clerk.page.inner_text(".guidance")
    clerk.page.click("text=完成：查看此人")
    clerk.fill(number="0002972728")
    clerk.press("添加门卡")
    clerk.page.wait_for_url("**said=saved")
    took = time.monotonic() - began
    clerk.look("person")
    assert took < 60 * waiting()
    assert desk.store.credentials.find("card", "0002972728").person.id == person

    # the same face again: refused, then taken for two people who look alike
    double = clerk.new_person("科林斯之妹", "1202")
    clerk.five_views()
    clerk.press("保存")
    clerk.page.wait_for_selector("text=已经登记过")
    clerk.look("duplicate")
    clerk.press("确是两人：保存")
    clerk.page.wait_for_url("**/try**")
    assert not desk.store.people.get(person).face_alone
    clerk.go("/lookalikes")
    clerk.look("lookalikes")
    assert "科林斯之妹" in clerk.page.inner_text("main")
    gate.knows(2)
    assert gate.answer()["type"] != "passage.granted"  # a card is asked of both

    # search as one types, with the keyboard alone
    clerk.go("/people")
    clerk.type_into("text", "1202")
    clerk.page.wait_for_selector("#found tbody tr:only-child >> text=科林斯之妹")
    clerk.look("people")

    # only the double goes: the first is known again; then she is deleted, too, and refused
    delete(clerk, double)
    desk.store.people.update(person, face_alone=True)
    gate.knows(1)
    assert gate.lets_in()["type"] == "passage.granted"
    delete(clerk, person)
    deleted = datetime.now(UTC)
    gate.knows(0)
    answer = gate.answer()
    refused = (answer["time"] - deleted).total_seconds()
    assert answer["type"] != "passage.granted"
    assert answer.get("person") is None
    print(
        f"\nform to done {took:.1f} s; let in {granted:.1f} s after saving; "
        f"refused {refused:.1f} s after deletion; load {waiting():.1f}"
    )

    import_people(desk, clerk)
    order_the_gate_about(gate, clerk)

    # an English-speaking clerk on a tablet is refused a manager's page
    clerk.go("/accounts")
    form = clerk.page.locator("form[action='/accounts']")
    form.locator("[name=login]").fill("smith")
    form.locator("[name=password]").fill(PASSWORD)
    form.locator("button").click()
    clerk.page.wait_for_url("**said=created")
    clerk.press("退出")
    clerk.page.wait_for_url("**/login**")
    clerk.sign_in("smith")
    clerk.page.click("text=English")
    clerk.page.wait_for_selector("text=中文")
    clerk.page.set_viewport_size(TABLET)
    clerk.go("/imports")
    clerk.look("refused")
    assert "Your account may not do this" in clerk.page.inner_text("main")
    desk.store.events.append(events(desk))
    clerk.go("/events")
    clerk.look("events-tablet")
    clerk.page.set_viewport_size(LAPTOP)
    clerk.go("/events/charts")
    clerk.look("charts")
    assert clerk.faults == []


def walk_up(gate, saved):
    """The moment at which they are ``saved``, and what the gate then answers."""
    gate.until(saved)
    moment = datetime.now(UTC)
    gate.knows(1)
    return moment, gate.lets_in()


def delete(clerk, person):
    clerk.go(f"/people/{person}")
    clerk.page.click("button.danger")
    clerk.page.wait_for_url("**said=deleted")


def import_people(desk, clerk):
    """A workbook with twenty mistakes; corrected, with photographs; the report."""
    clerk.go("/imports")
    clerk.look("imports")
    upload(clerk, workbook(MISTAKES))
    clerk.page.wait_for_selector("text=20 处错误")
    clerk.look("import-mistakes")
    reported = clerk.page.locator("section:has(caption:text-is('错误')) tbody tr").all_inner_texts()
    assert [int(row.split()[0]) for row in reported] == list(range(2, 22))
    assert desk.store.people.count() == 0

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for name in ("grace-hopper", "joe-biden-2010"):
            packed.write(PHOTOGRAPHS / f"{name}.jpg", f"{name}.jpg")
        packed.writestr("wall.jpg", jpeg(np.full((480, 640, 3), 90, np.uint8)))
    names = ("grace-hopper", "joe-biden-2010", "wall")
    rows = [
        {"姓名": name, "出生年份": 1942, "同意": "同意", "照片": f"{name}.jpg"} for name in names
    ]
    clerk.go("/imports")
    upload(clerk, workbook(rows), archive.getvalue())
    clerk.press("开始")
    clerk.page.wait_for_selector("a:text('报告')")
    clerk.look("import-report")
    assert "wall.jpg: 照片中没有人脸" in clerk.page.inner_text("main")
    assert "2 人已登记人脸，1 人的照片无可用人脸" in clerk.page.inner_text("main")
    assert desk.store.templates.count() == {"dlib/1": 2}


def upload(clerk, table, photos=None):
    files = {"table": ("人员.xlsx", table), "photos": ("照片.zip", photos)}
    for field, (name, content) in files.items():
        if content is not None:
            file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            clerk.page.set_input_files(f"[name={field}]", file)
    clerk.press("检查")


def workbook(rows):
    """An Excel file with a line for each of ``rows``: heading → cell."""
    headings = list(dict.fromkeys(["姓名", *(heading for row in rows for heading in row)]))
    book = Workbook()
    book.active.append(headings)
    for row in rows:
        book.active.append([row.get(heading) for heading in headings])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


_AGREED = {"出生年份": 1950, "同意": "同意"}
# one mistake a line; the first of a number or card given twice is right
MISTAKES = [
    {"编号": 1},
    {"姓名": "甲" * 121},
    {"姓名": "乙", "类别": "国王"},
    {"姓名": "丙", "楼栋": 3},
    {"姓名": "丁", "房号": 1201},
    {"姓名": "戊", "出生年份": 1700},
    {"姓名": "己", "出生年份": "去年"},
    {"姓名": "庚", "起始日期": "2026-13-01"},
    {"姓名": "辛", "截止日期": "明天"},
    {"姓名": "壬", "起始日期": "2026-05-02", "截止日期": "2026-05-01"},
    {"姓名": "癸", "类别": "租户"},
    {"姓名": "子", "类别": "访客"},
    {"姓名": "丑", "卡号": "不是卡"},
    {"姓名": "寅", "卡号": "0000000000"},
    {"姓名": "卯", "编号": 1},
    {"姓名": "辰", "同意": "也许"},
    {"姓名": "巳", "同意": "同意"},
    {"姓名": "午", "出生年份": 2020, "同意": "同意"},
    {"姓名": "未", **_AGREED, "照片": "没有.jpg"},
    {"姓名": "申", "语言": "fr"},
]


def order_the_gate_about(gate, clerk):
    """Every order of staff, given on the page and answered by the gate on the page."""
    orders = "section:has(caption:text('最近指令')) tbody tr"
    for button, event, mode, answer in (
        ("开门一次", "passage.granted", "正常", "已执行"),
        ("封闭", "door.lockdown", "封闭", "已执行"),
        ("开门一次", "", "封闭", "被拒绝：门已封闭"),
        ("恢复正常", "door.normal", "正常", "已执行"),
        ("保持开启", "door.hold", "保持开启", "已执行"),
        ("恢复正常", "door.normal", "正常", "已执行"),
        ("急救", "door.hold", "急救", "已执行"),
        ("恢复正常", "door.normal", "正常", "已执行"),
    ):
        clerk.go("/live")
        given = clerk.page.locator(orders).count()
        before = len(gate.events(event)) if event else 0
        clerk.press(button)
        clerk.page.wait_for_selector("text=指令已下达")
        clerk.page.wait_for_function(
            "([rows, count]) => document.querySelectorAll('#gates tbody tr').length > count",
            arg=[orders, given],
        )
        clerk.page.wait_for_selector(f"#gates tbody tr:first-child >> text={answer}")
        clerk.page.wait_for_selector(f"#gates dd .mark:text('{mode}')")
        if event:
            gate.until(lambda kind=event, n=before: len(gate.events(kind)) > n)
    clerk.look("gates")


def events(desk) -> list[Event]:
    """A busy morning."""
    random = np.random.default_rng(1)
    begin = desk.clock.utc().astimezone().replace(hour=0, minute=5)
    made = []
    for index in range(400):
        hour = int(random.choice(24, p=np.array([1] * 6 + [6] * 12 + [3] * 6) / 96))
        at = begin.replace(hour=hour, minute=int(random.integers(60)))
        granted = random.random() < 0.93
        made.append(
            Event.make(
                "north",
                "passage.granted" if granted else "passage.denied",
                at,
                passage=f"p{index}",
                method="face" if index % 3 else "card",
                decision="grant" if granted else "deny",
                reasons=("welcome",) if granted else (str(random.choice(REASONS)),),
                latency=float(random.gamma(9, 45)),
                temperature={"estimated": float(random.normal(36.6, 0.3))},
            )
        )
    made.append(Event.make("north", "door.forced", begin.replace(hour=6)))
    return sorted(made, key=lambda event: event.time)


REASONS = ("card_unknown", "face_doubtful", "permit_expired")
