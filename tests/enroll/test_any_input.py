"""Whatever is sent to the desk, it answers as described: input made from ``app.openapi()``.

Of each operation's values some fit the schema and some do not. ``GATE_EXAMPLES``: requests to each.
"""

from __future__ import annotations

import os
import re
from urllib.parse import quote, urlencode

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enroll.desk import Desk
from enroll.faces import Faces
from enroll.permissions import Role
from enroll.permits import Permits
from gate.access.settings import PermitSettings
from gate.config.desk import DeskSettings
from gate.events.event import Event
from gate.recognition.detection.detector import HogDetector
from gate.recognition.encoders.dlib_onnx import DlibEncoder
from gate.services.enrolment import Examiner
from gate.services.gallery_sync import KnownFaces
from gate.store.orders import COMMANDS
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.enroll.app import app_of
from tests.enroll.operations import operations

EXAMPLES = int(os.environ.get("GATE_EXAMPLES", "6"))
HOSTILE = (
    *(
        "",
        " ",
        "\x00",
        "a\r\nSet-Cookie: a=b",
        "\ud800",
        "\u202e",
        "🔥" * 30,
        "9" * 400,
        "x" * 5000,
    ),
    *(
        "'; DROP TABLE people; --",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "%s%n",
        "../../etc/passwd",
    ),
    *("-1", "0", str(2**63), str(2**64), "1e309", "NaN", "null", "true", "[]", "1.5", "１"),
    *("2026-02-30", "9999-12-31", "0001-01-01", "2026-01-01T00:00:00Z/1", "zh", "not_seen"),
)
PICTURE = cv2.imencode(".jpg", np.full((64, 64, 3), 90, np.uint8))[1].tobytes()
FILES = (
    b"",
    PICTURE,
    PICTURE[:99],
    b"name,kind\nLi,resident\n",
    b"\xff\xfe",
    b"PK\x03\x04",
    b"\x00" * 999,
)


class Served:
    """A desk with a little of everything, and a browser that is always signed in."""

    def __init__(self, store, folder):
        encoder = DlibEncoder(folder / "models", threads=1)
        faces = Faces(
            Examiner(HogDetector(), [encoder]),
            KnownFaces(store, encoder.name, encoder.dimension),
        )
        self.desk = Desk(
            DeskSettings(requests=100_000, sign_ins=1000),
            store,
            faces=faces,
            permits=Permits.open(store, folder / "permit.key", PermitSettings()),
            folder=folder,
        )
        app = app_of(self.desk)
        self.document = app.openapi()
        self.client = TestClient(app, follow_redirects=False, raise_server_exceptions=False)
        self._accounts = 0
        self._person = None
        self._known = {}

    def sign_in(self):
        """A session of a manager, a new one when a request ended the one before."""
        token = self.client.cookies.get("desk")
        if token is None or self.desk.sessions.find(token) is None:
            self._accounts += 1
            account = self.desk.accounts.create(
                f"m{self._accounts}", "a-long-enough-secret", Role.MANAGER
            )
            token = self.desk.sessions.begin(account.id)
            self.client.cookies.clear()
            self.client.cookies.set("desk", token)
        return self.desk.sessions.find(token)[1].csrf

    def there(self):
        """Values that lead to something; made again when a request has done away with them."""
        store = self.desk.store
        person = self._person and store.people.get(self._person)
        if person and person.active:
            return self._known
        person = store.people.create("Li", birth_year=1950)
        store.consents.record(person.id, "agreed", "1")
        store.consents.record(person.id, "agreed", "1", purpose="not_seen")
        card = store.credentials.add(person.id, "card", f"{person.id:010d}")
        now = self.desk.clock.utc()
        (event,) = store.events.append(
            [Event.make("gate-1", "door.forced", now, person=person.ref)]
        )
        self._person = person.id
        values = {"person": person.id, "credential": card.id, "event": event.id, "gate": "gate-1"}
        known = {name: st.just(value) for name, value in values.items()}
        numbers = st.integers(1, 3)
        known |= dict.fromkeys(("account", "job", "one", "other"), numbers)
        known |= {"command": st.sampled_from(COMMANDS), "code": st.sampled_from(["zh", "en"])}
        self._known = known
        return known


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    with Store.open(StoreSettings(ballast=0), folder) as store:
        served = Served(store, folder)
        yield served
        served.desk.imports.close()


def fitting(schema, document):
    """Values that the schema takes."""
    if "$ref" in schema:
        return fitting(document["components"]["schemas"][schema["$ref"].split("/")[-1]], document)
    if "anyOf" in schema:
        return st.one_of([fitting(one, document) for one in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    match schema.get("type"):
        case "integer" | "number":
            return st.integers(schema.get("minimum", -5), schema.get("maximum", 9999))
        case "boolean":
            return st.booleans()
        case "null":
            return st.just("")
        case "array":
            return st.lists(fitting(schema["items"], document), max_size=3)
    if schema.get("format") == "binary" or "contentMediaType" in schema:
        return st.sampled_from(FILES)
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    return st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength", 40))


def some(schemas, known, document, required=()):
    """Fields with values: mostly fitting, sometimes hostile, sometimes left out."""
    fields = {}
    for name, schema in schemas.items():
        fit = known.get(name, fitting(schema, document))
        fields[name] = st.one_of(fit, fit, st.sampled_from(HOSTILE))
    must = {name: value for name, value in fields.items() if name in required}
    return st.fixed_dictionaries(
        must, optional={name: value for name, value in fields.items() if name not in must}
    )


def encoded(fields):
    return urlencode(fields, doseq=True, errors="surrogatepass")


@pytest.mark.parametrize(("method", "path"), operations())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
@pytest.mark.slow
def test_every_operation_answers_any_input_as_described(served, method, path, data):
    document = served.document
    operation = document["paths"][path][method]
    known = served.there()
    parameters = {"path": {}, "query": {}}
    for parameter in operation.get("parameters", ()):
        parameters[parameter["in"]][parameter["name"]] = parameter["schema"]
    places = data.draw(some(parameters["path"], known, document, parameters["path"]))
    query = data.draw(some(parameters["query"], known, document))
    address = re.sub(
        r"{(\w+)}", lambda blank: quote(str(places[blank[1]]), "", errors="surrogatepass"), path
    )
    headers = {"accept": data.draw(st.sampled_from(["text/html", "application/json"]))}
    sent = {}
    csrf = served.sign_in()
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        headers["x-csrf-token"] = csrf
        sent = data.draw(bodies(kind, body["schema"], known, document))
    answer = served.client.request(
        method,
        f"{address}?{encoded(query)}",
        headers={**headers, **sent.pop("headers", {})},
        **sent,
    )
    conforms(answer, operation["responses"])


def bodies(kind, schema, known, document):
    """What is handed to the client for a body."""
    if kind == "image/jpeg":
        return st.sampled_from(FILES).map(lambda content: {"content": content})
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].split("/")[-1]]
    fields = some(schema["properties"], known, document, schema.get("required", ()))
    if kind == "multipart/form-data":
        return fields.map(
            lambda values: {
                "files": [
                    (name, ("../a.csv", one if isinstance(one, bytes) else b"?"))
                    for name, value in values.items()
                    for one in (value if isinstance(value, list) else [value])
                ]
            }
        )
    form = {"headers": {"content-type": "application/x-www-form-urlencoded"}}
    return fields.map(lambda values: {"content": encoded(values), **form})


def conforms(answer, described):
    code = str(answer.status_code)
    assert answer.status_code < 500 or code in described, answer.text
    kinds = described.get(code) or described.get(code[0] + "XX")
    assert kinds is not None, f"{code} is not described"
    if answer.content and code != "303":
        assert answer.headers["content-type"].split(";")[0] in kinds["content"]
    assert "Traceback" not in answer.text
    assert "content-security-policy" in answer.headers
    location = answer.headers.get("location", "/")
    assert location.startswith("/")
    assert not location.startswith("//")
