"""A whole day at the desk in a real browser with a camera that plays a photograph.

With ``GATE_SCREENSHOTS`` set to a folder the pages are kept there as pictures.
"""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import uvicorn

from enroll.app import create_app
from enroll.desk import Desk
from enroll.faces import Faces
from enroll.permits import Permits
from gate.access.settings import PermitSettings
from gate.camera.source import Frame
from gate.desk_settings import DeskSettings
from gate.enrolment import Examiner
from gate.events.event import Event
from gate.known_faces import KnownFaces
from gate.recognition.detect import HogDetector
from gate.recognition.encoders.dlib_onnx import DlibEncoder
from gate.recognition.face import Verdict
from gate.recognition.quality import judge
from gate.recognition.quality_settings import QualitySettings
from gate.recognition.recogniser import Recogniser
from gate.recognition.settings import RecognitionSettings
from gate.store.settings import StoreSettings
from gate.store.store import Store

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PHOTOGRAPHS = Path(__file__).parent.parent.parent / "fixtures" / "photographs"
PASSWORD = "a-long-enough-secret"
LAPTOP = {"width": 1366, "height": 768}

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]


def sitting(name: str, size: tuple[int, int] = (640, 480)) -> list[np.ndarray]:
    """Frames of somebody who sits before a camera and moves a little."""
    photograph = cv2.imread(str(PHOTOGRAPHS / f"{name}.jpg"))
    face = HogDetector().detect(photograph)[0]
    x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
    scale = 0.36 * size[1] / face.height
    frames = []
    for step in range(48):
        swing = np.sin(step / 48 * 2 * np.pi)
        zoom = scale * (1 + 0.12 * np.cos(step / 48 * 2 * np.pi))
        matrix = cv2.getRotationMatrix2D((x, y), 5 * swing, zoom)
        matrix[:, 2] += (size[0] / 2 - x + 30 * swing, size[1] / 2 - y)
        frames.append(cv2.warpAffine(photograph, matrix, size, borderMode=cv2.BORDER_REPLICATE))
    return frames


def camera_file(path: Path, name: str) -> Path:
    jpegs = [cv2.imencode(".jpg", f, [cv2.IMWRITE_JPEG_QUALITY, 92])[1] for f in sitting(name)]
    path.write_bytes(b"".join(jpeg.tobytes() for jpeg in jpegs))
    return path


class Gate:
    """The gate's recognition in another connection to the same database, as the daemon runs it:
    the register is looked at every half second, frames come without end."""

    def __init__(self, folder: Path, encoder: DlibEncoder, frames: list[np.ndarray]) -> None:
        self.store = Store.open(StoreSettings(ballast=0), folder)
        self._known = KnownFaces(self.store, encoder.name, encoder.dimension)
        self._encoder = encoder
        self._frames = frames

    def until(self, wished: Callable[[Verdict, int | None], bool]) -> float:
        """Seconds until the verdict is as wished."""
        recogniser = Recogniser(
            HogDetector(),
            self._encoder,
            self._known.matcher(),
            RecognitionSettings(),
            assess=judge(QualitySettings()),
        )
        began = looked = time.monotonic()
        for number in itertools.count():
            now = time.monotonic()
            assert now - began < 30
            if now - looked > 0.5:
                recogniser.matcher = self._known.matcher()
                looked = now
            frame = Frame(self._frames[number % len(self._frames)], now, number)
            for seen in recogniser.process(frame):
                if wished(seen.verdict, seen.best.person if seen.best else None):
                    return time.monotonic() - began
        raise AssertionError


@pytest.fixture
def place(tmp_path):
    """A desk that is served, and the gate beside it."""
    encoder = DlibEncoder(tmp_path / "models", threads=1)
    with Store.open(StoreSettings(ballast=0), tmp_path / "data") as store:
        known = KnownFaces(store, encoder.name, encoder.dimension)
        examiner = Examiner(HogDetector(), [encoder], judge(QualitySettings(), enrolment=True))
        desk = Desk(
            DeskSettings(community="阳光花园"),
            store,
            faces=Faces(examiner, known),
            permits=Permits.open(store, tmp_path / "data" / "permit.key", PermitSettings()),
            gate="north",
            folder=tmp_path / "data",
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        config = uvicorn.Config(create_app(desk), port=port, log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        gate = Gate(tmp_path / "data", encoder, sitting("eileen-collins"))
        yield desk, gate, f"http://127.0.0.1:{port}"
        gate.store.close()
        server.should_exit = True
        thread.join(10)
        desk.imports.close()


class Clerk:
    """A person at the browser; every page looked at is checked and, if wished, kept."""

    def __init__(self, page, address: str) -> None:
        from axe_playwright_python.sync_playwright import Axe

        self.page = page
        self.address = address
        self._axe = Axe()
        self._folder = os.environ.get("GATE_SCREENSHOTS")
        self.faults: list[str] = []
        page.set_default_timeout(120_000)
        page.on("dialog", lambda dialog: dialog.accept())
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"[name={name}]", value)

    def press(self, text: str) -> None:
        self.page.get_by_role("button", name=text, exact=True).first.click()

    def look(self, name: str) -> None:
        """Check with axe; keep a picture."""
        found = self._axe.run(self.page).response["violations"]
        self.faults += [
            f"{name}: {fault['id']} {fault['nodes'][0]['target']}"
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]
        if self._folder:
            self.page.screenshot(path=f"{self._folder}/{name}.png", full_page=True)

    def sign_in(self, login: str) -> None:
        self.go("/login")
        self.fill(login=login, password=PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(self.address + "/")

    def new_person(self, name: str, unit: str) -> int:
        self.go("/people/new")
        self.fill(name=name, birth_year="1956", building="3", unit=unit)
        self.press("保存并征求同意")
        self.page.wait_for_url("**/consent**")
        return int(self.page.url.split("/people/")[1].split("/")[0])

    def five_views(self) -> None:
        self.press("同意：去拍摄")
        self.page.wait_for_selector(".guidance.good", timeout=200_000)


@pytest.fixture
def clerk(place, tmp_path):
    from playwright.sync_api import sync_playwright

    _, _, address = place
    video = camera_file(tmp_path / "camera.mjpeg", "eileen-collins")
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={video}",
            ],
        )
        context = browser.new_context(viewport=LAPTOP, locale="zh-CN")
        yield Clerk(context.new_page(), address)
        browser.close()


def test_a_day(place, clerk):
    desk, gate, _ = place
    clerk.go("/")
    clerk.fill(code=desk.first_run.new_code(), login="wang", name="王经理")
    clerk.fill(password=PASSWORD, again=PASSWORD)
    clerk.look("setup")
    clerk.press("创建账户")
    clerk.page.wait_for_url("**/login**")
    clerk.look("login")
    clerk.sign_in("wang")
    clerk.look("today")

    # somebody who stands there, from the empty form to done
    began = time.monotonic()
    person = clerk.new_person("科林斯", "1201")
    clerk.look("consent")
    clerk.five_views()
    clerk.look("enrol")
    clerk.press("保存")
    clerk.page.wait_for_url("**/try**")
    knew_after = gate.until(lambda verdict, who: (verdict, who) == (Verdict.KNOWN, person))
    clerk.page.wait_for_selector(".guidance.good", timeout=30_000)
    clerk.look("try-out")
    assert "认得" in clerk.page.inner_text(".guidance")
    clerk.page.click("text=完成：查看此人")
    clerk.fill(number="0002972728")
    clerk.press("添加门卡")
    clerk.page.wait_for_url("**said=saved")
    took = time.monotonic() - began
    clerk.look("person")
    print(f"\nfrom the form to done {took:.1f} s; the gate knew after {knew_after:.1f} s")
    assert took < 60 * waiting()
    assert knew_after < 2 * waiting()
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

    # search as one types, with the keyboard alone
    clerk.go("/people")
    clerk.page.keyboard.type("1202")
    clerk.page.wait_for_selector("#found tbody tr:only-child >> text=科林斯之妹")
    clerk.look("people")

    # deleted, and refused at the gate within two seconds
    for one in (double, person):
        clerk.go(f"/people/{one}")
        clerk.page.click("button.danger")
        clerk.page.wait_for_url("**said=deleted")
    refused = gate.until(lambda verdict, _: verdict is Verdict.UNKNOWN)
    print(f"the gate refused after {refused:.1f} s")
    assert refused < 2 * waiting()

    # a table with twenty mistakes
    table = "姓名,类别,楼栋,房号\n" + "".join(f"甲{i},国王,3,{i}\n" for i in range(20))
    clerk.go("/imports")
    clerk.look("imports")
    upload = {"name": "people.csv", "mimeType": "text/csv", "buffer": table.encode()}
    clerk.page.set_input_files("[name=table]", upload)
    clerk.press("检查")
    clerk.page.wait_for_selector("text=20 处错误")
    clerk.look("import-mistakes")
    assert desk.store.people.count() == 0

    # looking after the gate
    desk.store.events.append(events(desk))
    for path, name in (
        ("/events", "events"),
        ("/events/charts", "charts"),
        ("/live", "gates"),
        ("/alarms", "alarms"),
        ("/retention", "retention"),
        ("/accounts", "accounts"),
        ("/account", "account"),
        ("/style", "style"),
        ("/people/new", "person-form"),
    ):
        clerk.go(path)
        clerk.look(name)
    clerk.go("/live")
    clerk.press("开门一次")
    clerk.page.wait_for_selector("text=指令已下达")
    assert [row.command for row in gate.store.orders.take("north")] == ["open"]

    # an English-speaking clerk on a tablet is refused a manager's page
    clerk.go("/accounts")
    form = clerk.page.locator("form[action='/accounts']")
    form.locator("[name=login]").fill("smith")
    form.locator("[name=password]").fill(PASSWORD)
    form.locator("button").click()
    clerk.page.wait_for_url("**said=created")
    clerk.press("退出")
    clerk.sign_in("smith")
    clerk.page.click("text=English")
    clerk.page.set_viewport_size({"width": 820, "height": 1180})
    clerk.go("/imports")
    clerk.look("refused")
    assert "Your account may not do this" in clerk.page.inner_text("main")
    clerk.go("/events")
    clerk.look("events-tablet")
    width = clerk.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 820
    assert clerk.faults == []


def waiting() -> float:
    """How many times longer everything takes because others use the machine; 1 when nobody does."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


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
    made.append(Event.make("north", "gate.started", begin))
    return sorted(made, key=lambda event: event.time)


REASONS = ("card_unknown", "face_doubtful", "permit_expired")
