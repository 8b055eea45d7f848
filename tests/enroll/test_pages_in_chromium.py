"""The desk in a real browser: every page in both languages and two sizes with axe; the keyboard;
forms. One desk and one browser for all tests, and for each test somebody new before it.

With ``GATE_SCREENSHOTS`` set to a folder the pages are kept there as pictures.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from benchmarks.desk_browser import served
from enroll.app import create_app
from enroll.box_log import Found, Level, Line
from enroll.desk import Desk
from enroll.faces import Faces
from enroll.import_checks import Checks
from enroll.permits import Permits
from gate.access.settings import PermitSettings
from gate.config.desk import DeskSettings
from gate.recognition.detection.detector import HogDetector
from gate.recognition.encoders.dlib_onnx import DlibEncoder
from gate.services.enrolment import Examiner
from gate.services.gallery_sync import KnownFaces
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.enroll.chromium import LAPTOP, MARKS, PASSWORD, TABLET, browser
from tests.enroll.full_desk import IMPORTS, filled

pytestmark = MARKS


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A desk with something on every page."""
    tmp_path = tmp_path_factory.mktemp("desk")
    encoder = DlibEncoder(tmp_path / "models", threads=1)
    with Store.open(StoreSettings(ballast=0), tmp_path) as store:
        desk = Desk(
            DeskSettings(community="阳光花园", requests=10_000, sign_ins=1000, live_picture=True),
            store,
            faces=Faces(
                Examiner(HogDetector(), [encoder]),
                KnownFaces(store, encoder.name, encoder.dimension),
            ),
            permits=Permits.open(store, tmp_path / "permit.key", PermitSettings()),
            gate="north",
            not_seen_hours=24.0,
            folder=tmp_path,
        )
        filled(desk, encoder)
        yield desk


@pytest.fixture(scope="module")
def address(desk):
    with served(desk) as address:
        yield address


@pytest.fixture
def clerk(chromium, address):
    with browser(chromium, address) as clerk:
        yield clerk
    assert clerk.faults == [], clerk.faults


LOG = tuple(
    Line(datetime(2026, 3, 5, tzinfo=UTC), "gate", level, event, text)
    for level, event, text in (
        (Level.INFO, "gate.ready", "people=7 zone=Asia/Shanghai"),
        (Level.WARNING, "broker.fault", "cause=" + 60 * "no_route_"),
        (Level.ERROR, "", "gate.service: Main process exited, code=killed, status=9/KILL"),
    )
)


@pytest.fixture(scope="module")
def pages(desk):
    """The address of every page there is; those of one thing with one that is there."""
    job = desk.imports.add("人员.csv", open_table(), None, "manager")
    known = {"person": desk.person, "event": desk.event, "job": job.id, "building": 1}
    known |= {"token": desk.visitor, "gate": "north"}
    paths = create_app(desk).openapi()["paths"]
    found = [
        path.format(**known)
        for path, methods in paths.items()
        if "get" in methods and ANSWER in methods["get"]["responses"]["200"]["content"]
        if not path.endswith((".csv", ".jpg", ".xlsx", ".png", ".pdf", "/progress"))
        and "{code}" not in path
        and not path.startswith(("/look/", "/stream"))
    ]
    return [page for page in found if page not in ("/login", "/setup")] + [
        f"/people/{desk.person}/consent?purpose=not_seen",
        f"/people/{desk.ended}",
        "/people/99999",
        "/audit?verify=true",
        *(f"/imports/{number}" for number in IMPORTS),
    ]


ANSWER = "text/html"


def open_table():
    import io

    return io.BytesIO("姓名,类别\n甲,国王\n乙,居民\n".encode())


@pytest.mark.parametrize(("language", "size"), [("zh", LAPTOP), ("en", TABLET)])
@pytest.mark.slow
def test_every_page_is_accessible_and_fits(clerk, pages, monkeypatch, language, size):
    monkeypatch.setattr("enroll.box_log.read", lambda now, **wanted: Found(LOG, more=True))
    assert len(pages) > 24
    clerk.page.set_viewport_size(size)
    clerk.go(f"/language/{language}?back=/login")
    clerk.look(f"{language}-login")
    for role in ("manager", "auditor"):
        clerk.page.context.clear_cookies(name="desk")
        clerk.sign_in(role)
        for page in pages:
            if (role == "auditor") == page.startswith("/audit"):
                clerk.go(page)
                clerk.look(language + page.replace("/", "-").split("?")[0])


@pytest.mark.slow
def test_a_telephone_cuts_nothing_off_and_leaves_room_for_fingers(clerk, pages, desk):
    clerk.page.set_viewport_size({"width": 390, "height": 844})
    clerk.page.context.new_cdp_session(clerk.page).send(
        "Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 1}
    )
    clerk.sign_in("manager")
    check = next(page for page in pages if page.startswith("/imports/") and page[9:].isdigit())
    shown = ("/", "/people", f"/people/{desk.person}", "/events", "/alarms", "/accounts", check)
    for page in shown:
        clerk.go(page)
        if page == check:
            clerk.page.wait_for_selector("#answers")
        assert clerk.page.evaluate(FINGERS) == [], page


@pytest.mark.slow
def test_an_enrolment_goes_on_after_the_network_or_the_camera_was_away(clerk, desk):
    def answer(act):
        clerk.page.unroute("**/enrol/frame")
        clerk.page.route("**/enrol/frame", act)

    def says(text):
        clerk.page.wait_for_selector(f".guidance:has-text('{text}')")

    def seen(route):
        views = {"views": [], "box": None, "complete": False}
        route.fulfill(json={"text": "请看镜头", "tone": "", **views})

    clerk.sign_in("manager")
    answer(seen)
    clerk.go(f"/people/{desk.person}/enrol")
    says("请看镜头")
    answer(lambda route: route.abort())
    says("连接中断，恢复后会自动继续。")
    answer(seen)
    says("请看镜头")
    answer(lambda route: route.fulfill(status=404, json={"what": "人员库中没有此人"}))
    says("人员库中没有此人")
    answer(seen)
    clerk.press("启动摄像头")
    says("请看镜头")
    clerk.page.evaluate("document.querySelector('video').srcObject.getTracks()[0].stop()")
    says("摄像头已关闭。点击“启动摄像头”继续，已拍的仍保留。")
    clerk.press("启动摄像头")
    says("请看镜头")


@pytest.mark.slow
def test_what_a_session_ended_in_the_middle_of_is_where_the_sign_in_leads(clerk, desk, address):
    clerk.sign_in("manager")
    clerk.go(f"/people/{desk.person}/enrol")
    clerk.page.wait_for_selector(".guidance")
    clerk.page.context.clear_cookies()  # while a picture is sent a second
    clerk.page.wait_for_url("**/login?said=lapsed**")
    clerk.fill(login="manager", password=PASSWORD)
    clerk.page.keyboard.press("Enter")
    clerk.page.wait_for_url(f"{address}/people/{desk.person}/enrol")


@pytest.mark.slow
def test_a_person_is_enrolled_with_the_keyboard_alone(clerk, address):
    """From the first field to "done" by Tab, Enter, Space and typing; focus always to be seen."""
    keys = clerk.page.keyboard

    def tab_to(text):
        for _ in range(60):
            keys.press("Tab")
            here = clerk.page.evaluate(FOCUS)
            assert here["seen"], f"focus cannot be seen on {here['text']}"
            if text in here["text"]:
                return
        raise AssertionError(f"{text} is not reached by Tab")

    clerk.go("/login")
    clerk.type_into("login", "manager")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    clerk.page.wait_for_url(address + "/")
    tab_to("登记新人员")
    keys.press("Enter")
    clerk.page.wait_for_url("**/people/new")
    clerk.type_into("name", "科林斯")
    tab_to("出生年份")
    keys.type("1956")
    tab_to("保存并征求同意")
    keys.press("Enter")
    clerk.page.wait_for_url("**/consent**")
    tab_to("同意：去拍摄")
    keys.press("Enter")
    clerk.page.wait_for_url("**/enrol**")
    clerk.page.wait_for_selector(".guidance.good", timeout=200_000)
    clerk.page.wait_for_function("document.activeElement.id === 'save'")
    keys.press("Enter")  # the button to save has the focus by itself
    clerk.page.wait_for_url("**/try**")
    tab_to("完成")
    keys.press("Enter")
    clerk.page.wait_for_url("**/people/*")
    assert clerk.page.inner_text("h1").startswith("科林斯")


@pytest.mark.slow
def test_a_page_that_renews_itself_does_not_take_the_clerk_back(desk, clerk, address, monkeypatch):
    """The end of a check arrives while the browser waits for the page the clerk has chosen."""
    job = desk.imports.add("人员.csv", open_table(), None, "manager").id
    made, end, chosen = desk.imports._plan, threading.Event(), []
    slow = Checks(lambda *asked: made(*asked) if end.wait(300) else None)
    monkeypatch.setattr(desk.imports, "_checks", slow)
    clerk.sign_in("manager")
    clerk.go(f"/imports/{job}")
    clerk.page.route("**/people", lambda route: chosen.append(route))
    clerk.page.evaluate("document.querySelector('nav a[href=\"/people\"]').click()")
    clerk.until(lambda: chosen)
    with clerk.page.expect_response(f"{address}/imports/{job}"):
        end.set()
    chosen[0].continue_()
    clerk.page.wait_for_url("**/people")


@pytest.mark.slow
def test_a_form_is_sent_once_however_often_its_button_is_pressed(desk, clerk):
    before = desk.store.people.count()
    clerk.sign_in("manager")
    clerk.go("/people/new")
    clerk.fill(name="李建国")
    sent = clerk.page.evaluate(
        """() => {
            let sent = 0;
            document.addEventListener("submit", (event) => {
                sent += !event.defaultPrevented;
                event.preventDefault();
            });
            const form = document.querySelector("main form");
            form.requestSubmit();
            form.requestSubmit();
            return sent;
        }"""
    )
    assert sent == 1
    clerk.go("/people/new")
    clerk.fill(name="李建国")
    clerk.press("保存并征求同意")
    clerk.page.wait_for_url("**/consent**")
    assert desk.store.people.count() == before + 1


@pytest.mark.slow
def test_a_file_is_chosen_in_the_page_s_language_whatever_the_browser_s(clerk, tmp_path):
    table = tmp_path / "人员.csv"
    table.write_text("姓名\n", encoding="utf-8")
    clerk.sign_in("manager")
    for language, choose, none in (
        ("en", "Choose a file", "none chosen"),
        ("zh", "选择文件", "未选择文件"),
    ):
        clerk.go(f"/language/{language}?back=/imports")
        shown = clerk.page.locator(".file:has([name=table])")
        assert shown.inner_text().split("\n") == [choose, none]
    assert shown.locator("input").evaluate("field => getComputedStyle(field).opacity") == "0"
    with clerk.page.expect_file_chooser() as chooser:
        shown.locator(".button").click(force=True)
    chooser.value.set_files(table)
    assert shown.inner_text().split() == ["选择文件", "人员.csv"]


@pytest.mark.slow
def test_back_from_a_refusal_what_was_typed_is_still_there(desk, clerk, address):
    clerk.sign_in("manager")
    clerk.go(f"/people/{desk.person}")
    clerk.fill(number="12ab", label="蓝卡")
    clerk.press("添加门卡")
    clerk.page.click("[data-back]")
    clerk.page.wait_for_function("() => document.querySelector('[name=label]')?.value === '蓝卡'")
    assert clerk.page.url == f"{address}/people/{desk.person}"


# with all that opens open: what lies beyond the edge, and what is smaller than a finger
FINGERS = """() => {
  document.querySelectorAll("details").forEach((one) => (one.open = true));
  const wrong = [];
  const box = (one) => (one.matches("label > [type=checkbox], label > [type=radio]")
    ? one.parentElement : one).getBoundingClientRect();
  const alone = (one) => ![...one.parentElement.childNodes].some(
    (beside) => beside.nodeType === Node.TEXT_NODE && beside.textContent.trim().length > 1);
  const pressed = "main :is(a[href], button, input, select, summary)";
  for (const one of document.querySelectorAll(pressed)) {
    const { width, height, right } = box(one);
    if (!width || one.matches("[type=hidden], [type=file]")) continue;
    if (right > innerWidth + 1) wrong.push(`beyond the edge: ${one.outerHTML}`);
    if ((width < 43.5 || height < 43.5) && (one.tagName !== "A" || alone(one)))
      wrong.push(`${width} x ${height}: ${one.outerHTML}`);
  }
  return wrong;
}"""

# the words of what has the focus, and whether an outline shows it
FOCUS = """() => {
  const here = document.activeElement, style = getComputedStyle(here);
  const label = here.labels?.[0]?.innerText ?? "";
  return { text: label + here.innerText, seen: style.outlineStyle !== "none" };
}"""
