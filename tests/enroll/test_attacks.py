"""Attacks on the desk: each is tried, each is refused. docs/desk.md lists them."""

from __future__ import annotations

import asyncio
import io
import re
import struct
import zipfile
import zlib

import pytest
from fastapi.routing import APIRoute
from openpyxl import Workbook

from enroll.app import create_app
from enroll.middleware import PUBLIC, PUBLIC_FOLDERS
from enroll.page import inside
from enroll.permissions import Permission, Role
from gate.store.tables import AccountRow

pytestmark = pytest.mark.slow

PASSWORD = "a-long-enough-secret"


def routes(desk):
    """Every route with a path whose blanks are filled in."""
    found = []
    for route in walk(create_app(desk).routes):
        path = re.sub(r"{[^}]*}", "1", route.path)
        found += [(method, path, route) for method in sorted(route.methods - {"HEAD"})]
    return found


def walk(items):
    for item in items:
        if isinstance(item, APIRoute):
            yield item
        elif hasattr(item, "routes"):
            yield from walk(item.routes)
        elif hasattr(item, "original_router"):
            yield from walk(item.original_router.routes)


def test_there_are_many_routes(desk):
    assert len(routes(desk)) > 45


def test_no_route_answers_without_a_session(browser, desk):
    client = browser()
    client.follow_redirects = False
    for method, path, _ in routes(desk):
        if path in PUBLIC or path.startswith(PUBLIC_FOLDERS):
            continue
        answer = client.request(method, path)
        assert answer.status_code in (303, 401), f"{method} {path}: {answer.status_code}"
        assert answer.headers.get("location", "/login").startswith("/login")


def test_every_route_asks_for_a_right(desk):
    # under /v/ the permit in the address is the proof: tests/enroll/test_visitors.py
    public = (*PUBLIC, "/language/1", "/v/1", "/v/1/permit.png", "/v/1/permit.pdf")
    for method, path, route in routes(desk):
        permissions = [
            getattr(part.call, "permission", None) for part in route.dependant.dependencies
        ]
        if path not in public:
            assert any(isinstance(permission, Permission) for permission in permissions), (
                f"{method} {path}"
            )


def test_no_change_without_the_forms_token(manager, desk):
    manager.follow_redirects = False
    for method, path, _ in routes(desk):
        if method != "POST" or path in PUBLIC:
            continue
        for token in ("", "guess"):
            answer = manager.post(path, data={"csrf": token})
            assert answer.status_code in (403, 422), f"{path}: {answer.status_code}"
    assert desk.accounts.count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_another_site_is_refused_even_with_the_token(clerk, headers):
    data = {"csrf": clerk.csrf, "name": "X"}
    assert clerk.post("/people/new", data=data, headers=headers).status_code == 403


def test_signing_in_from_another_site_is_refused(browser, clerk):
    data = {"login": "desk", "password": PASSWORD}
    answer = browser().post("/login", data=data, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_a_session_planted_before_signing_in_is_worth_nothing(browser, clerk, desk):
    victim = browser()
    victim.cookies.set("desk", "planted-by-the-attacker", domain="desk.test")
    victim.sign_in("desk")
    assert "planted-by-the-attacker" not in dict(victim.cookies).values()
    attacker = browser()
    attacker.cookies.set("desk", "planted-by-the-attacker")
    assert attacker.get("/people").url.path == "/login"


def test_a_new_sign_in_ends_the_session_before(browser, clerk):
    old = clerk.cookies["desk"]
    clerk.sign_in("desk")
    thief = browser()
    thief.cookies.set("desk", old)
    assert thief.get("/people").url.path == "/login"


def test_a_role_sent_along_is_not_believed(clerk, desk):
    for path in ("/account", "/people/new"):
        clerk.fill(path, role="manager", name="X", present="x", password="y", again="y")
    clerk.fill("/accounts", login="me", password=PASSWORD, role="manager")
    clerk.cookies.set("role", "manager")
    assert clerk.get("/accounts", headers={"X-Role": "manager"}).status_code == 403
    with desk.store.database.read() as session:
        assert [(row.login, row.role) for row in session.query(AccountRow)] == [("desk", "desk")]


PERMISSIONS = {
    "desk": {"/people", "/events", "/live", "/alarms"},
    "technician": {"/events", "/live", "/log"},
    "auditor": {"/people", "/events", "/live", "/audit"},
    "manager": {"/people", "/events", "/live", "/alarms", "/imports", "/retention", "/rules"}
    | {"/accounts", "/log"},
}
PAGES = set().union(*PERMISSIONS.values())


@pytest.mark.parametrize("role", PERMISSIONS)
def test_each_role_sees_its_pages_and_no_other(browser, role):
    client = browser(role)
    for page in sorted(PAGES):
        expected = 200 if page in PERMISSIONS[role] else 403
        assert client.get(page).status_code == expected, page


def test_an_auditor_changes_nothing(browser, desk):
    person = desk.store.people.create("Li").id
    client = browser("auditor")
    for action in ("edit", "block", "move-out", "delete", "consent", "cards", "permits"):
        fields = {"name": "X", "answer": "agreed", "language": "zh", "number": "1"}
        assert client.fill(f"/people/{person}/{action}", **fields).status_code == 403
    assert desk.store.people.get(person).name == "Li"


@pytest.mark.parametrize(
    "text",
    ["' OR 1=1 --", "%", "_", "\\", "'; DROP TABLE people; --", '" UNION SELECT 1 --', "a\x00b"],
)
def test_sql_in_the_search_finds_nobody_and_breaks_nothing(clerk, desk, text):
    desk.store.people.create("Li")
    answer = clerk.get("/people", params={"text": text})
    assert answer.status_code == 200
    assert "Nobody found" in answer.text
    assert desk.store.people.count() == 1


def test_script_in_names_is_shown_as_text(manager, desk):
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    home = {"building": evil[:70], "unit": evil[:70]}
    page = manager.fill("/people/new", name=evil, birth_year="1950", note=evil, **home)
    person = page.url.path.split("/")[2]
    desk.store.people.update(int(person), blocked=True, blocked_reason=evil)
    paths = ("/people", f"/people/{person}", f"/people/{person}/edit", f"/people/{person}/consent")
    for path in (*paths, f"/people?text={evil}", f"/events?reason={evil[:50]}", "/audit"):
        text = manager.get(path).text
        assert "<script>alert" not in text, path
        assert "<img" not in text, path
    for method, path, _ in routes(desk):  # and wherever else somebody's name or home may appear
        if method == "GET" and path not in ("/logout", "/stream"):
            page = manager.get(path)
            if "html" in page.headers.get("content-type", ""):
                assert not re.search(r"<script>alert|<img src=x", page.text), path
    answer = manager.get("/people")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_no_template_has_script_or_style_of_its_own():
    from enroll.page import HERE

    for file in (HERE / "templates").glob("*.html"):
        text = file.read_text("utf-8")
        assert not re.search(r"<script(?! src=)|<style|\sstyle=|\son\w+=|https?://", text), file


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil", "/a\nb", ""])
def test_signing_in_leads_to_no_other_site(path):
    assert inside(path) == "/"


def test_static_files_do_not_lead_out_of_their_folder(browser):
    client = browser()
    client.follow_redirects = False
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2f..%2fetc/passwd"):
        assert client.get(path).status_code in (404, 303), path


def test_an_upload_beyond_the_limit_is_refused_before_it_is_read(clerk, desk):
    big = b"x" * (desk.settings.photo_megabytes * 1024 * 1024 + 1)
    headers = {"X-CSRF-Token": clerk.csrf, "Content-Type": "image/jpeg"}
    assert clerk.post("/people/1/enrol/frame", content=big, headers=headers).status_code == 413

    def without_length():
        for _ in range(desk.settings.photo_megabytes + 1):
            yield b"x" * (1024 * 1024)

    answer = clerk.post("/people/1/enrol/frame", content=without_length(), headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["99999999999", "-1", "x", ""])
def test_a_length_that_is_none_or_too_long_is_refused_before_a_byte_is_read(desk, length):
    answers = []

    async def receive():
        raise AssertionError("read all the same")

    async def send(message):
        answers.append(message)

    headers = [(b"content-length", length.encode()), (b"host", b"desk.test")]
    scope = {"type": "http", "method": "POST", "path": "/login", "headers": headers}
    scope |= {"query_string": b"", "client": ("127.0.0.1", 1)}
    asyncio.run(create_app(desk)(scope, receive, send))
    assert answers[0]["status"] == 413


def test_a_browser_that_leaves_while_it_sends_is_no_fault_of_the_desk(clerk, desk, caplog):
    parts = [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]
    answers = []

    async def receive():
        return parts.pop(0)

    async def send(message):
        answers.append(message)

    cookie = f"desk={clerk.cookies['desk']}"
    headers = {"host": "desk.test", "cookie": cookie, "x-csrf-token": clerk.csrf}
    scope = {"type": "http", "method": "POST", "path": "/people/1/try/frame", "query_string": b""}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(create_app(desk)(scope, receive, send))
    assert answers[0]["status"] == 400
    assert caplog.records == []


def png_of(width, height):
    def chunk(kind, body):
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def test_a_picture_that_unpacks_to_gigabytes_is_refused(clerk, desk):
    from enroll.faces import Faces
    from gate.services.enrolment import Examiner
    from gate.services.gallery_sync import KnownFaces

    desk.faces = Faces(Examiner(None, ()), KnownFaces(desk.store, "dlib/1", 128))
    person = desk.store.people.create("Li").id
    headers = {"X-CSRF-Token": clerk.csrf, "Accept": "application/json"}
    path = f"/people/{person}/enrol/frame"
    answer = clerk.post(path, content=png_of(60_000, 60_000), headers=headers)
    assert answer.status_code == 400
    assert "too many pixels" in answer.json()["what"]


def test_a_zip_of_an_import_leads_nowhere(manager, desk, tmp_path):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("../../../evil.jpg", b"x")
        packed.writestr("bomb.jpg", bytes(100 << 20))
    table = (
        "name,birth year,consent,photo\nA,1950,agreed,../../../evil.jpg\nB,1950,agreed,bomb.jpg\n"
    )
    files = {
        "table": ("../../people.csv", table.encode(), "text/csv"),
        "photos": ("../../photos.zip", archive.getvalue(), "application/zip"),
    }
    page = manager.post("/imports/new", data={"csrf": manager.csrf}, files=files)
    assert "2 mistakes" in page.text
    assert not list(tmp_path.rglob("evil*"))
    assert not list(tmp_path.parent.glob("people.csv"))


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
BOMBS = {
    "laughing": (
        "xl/worksheets/sheet1.xml",
        f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><x>&l11;</x>',
    ),
    "unpacking": ("xl/media/image1.png", bytes(201 << 20)),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_workbook_that_grows_when_it_is_read_is_refused(manager, desk, kind):
    book = io.BytesIO()
    Workbook().save(book)
    name, content = BOMBS[kind]
    bomb = io.BytesIO()
    with zipfile.ZipFile(book) as good, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as bad:
        for member in good.namelist():
            bad.writestr(member, content if member == name else good.read(member))
        if name not in good.namelist():
            bad.writestr(name, content)
    files = {"table": ("people.xlsx", bomb.getvalue())}
    page = manager.post("/imports/new", data={"csrf": manager.csrf}, files=files)
    assert page.status_code == 400
    assert desk.imports.all() == []


def test_a_table_without_end_is_not_read_into_memory(manager, desk, monkeypatch):
    monkeypatch.setattr("gate.importing.read.MOST_BYTES", 1000)
    files = {"table": ("people.csv", b"name\n" + b"x" * 1000)}
    page = manager.post("/imports/new", data={"csrf": manager.csrf}, files=files)
    assert page.status_code == 400
    assert "split it" in page.text


def test_headers_protect_every_answer(clerk, browser):
    for answer in (clerk.get("/people"), browser().get("/login"), clerk.get("/static/desk.css")):
        for header in ("content-security-policy", "x-content-type-options", "x-frame-options"):
            assert header in answer.headers
    assert clerk.get("/people").headers["cache-control"] == "no-store"


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(browser, desk):
    desk.accounts.create("li", PASSWORD, Role.DESK)
    client = browser()
    client.follow_redirects = False
    answer = client.post("/login", data={"login": "li", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_a_page_that_fails_shows_no_stack_trace(clerk, desk, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("secret inside")

    monkeypatch.setattr(desk.store.people, "get", broken)
    clerk._transport.raise_server_exceptions = False
    answer = clerk.get("/people/1")
    assert answer.status_code == 500
    assert "secret inside" not in answer.text


def test_a_flood_from_one_address_is_slowed_down(browser, desk):
    desk.requests._count = 5
    client = browser()
    codes = [client.get("/login").status_code for _ in range(7)]
    assert codes[-1] == 429


def test_a_frame_that_is_a_form_is_refused_and_no_fault_of_the_desk(browser):
    clerk = browser("desk")
    for page in ("enrol", "try"):
        path = f"/people/1/{page}/frame"
        assert clerk.fill(path, frame="x").status_code == 415
        token = {"x-csrf-token": clerk.csrf}
        for kind in ("application/x-www-form-urlencoded", "Multipart/Form-Data; boundary=x"):
            answer = clerk.post(path, content=b"a=b", headers=token | {"content-type": kind})
            assert answer.status_code == 415, kind
