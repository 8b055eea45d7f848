"""Schemathesis over the desk's own OpenAPI, in process, signed in as a manager: no 5xx.

``test_any_input.py`` draws values that lead somewhere and checks what is described; here the
generator is somebody else's, with its own idea of what makes a server fail. ``GATE_EXAMPLES``:
requests to each operation in the long run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from enroll.app import create_app
from enroll.desk import Desk
from enroll.permissions import Role
from enroll.permits import Permits
from gate.access.settings import PermitSettings
from gate.config.desk import DeskSettings
from gate.store.settings import StoreSettings
from gate.store.store import Store
from tests.enroll.operations import operations

if TYPE_CHECKING:  # imported when it runs: it takes a second in every process that collects
    import schemathesis
    from schemathesis.specs.openapi.schemas import OpenApiSchema

FEW = 2
MANY = int(os.environ.get("GATE_EXAMPLES", "200"))
DESCRIBED = (503, 507)  # nobody to answer, a full disk: neither is a fault of the program
ENDLESS = ("/stream",)  # answers until the browser leaves; test_live_feed.py has it


def labels() -> list[str]:
    """Method and path of everything the pages offer."""
    return [f"{method.upper()} {path}" for method, path in operations() if path not in ENDLESS]


class Manager:
    """A browser of a manager that signs in again whenever a request ended the session."""

    def __init__(self, desk: Desk) -> None:
        import schemathesis

        self.desk = desk
        app = create_app(desk)
        self.schema: OpenApiSchema = schemathesis.openapi.from_dict(app.openapi())
        self.schema.app = app
        self.codes: set[int] = set()  # what the operation asked last answered
        self._token = ""
        self._accounts = 0

    def signed_in(self) -> tuple[str, str]:
        """Cookie and form token of a session that is valid now."""
        sessions = self.desk.sessions
        found = sessions.find(self._token) if self._token else None
        if found is None:
            self._accounts += 1
            account = self.desk.accounts.create(
                f"m{self._accounts}", "a-long-enough-secret", Role.MANAGER
            )
            self._token = sessions.begin(account.id)
            found = sessions.find(self._token)
        assert found is not None
        return self._token, found[1].csrf

    def faults(self, label: str, examples: int) -> list[str]:
        """The requests that were answered 5xx, of ``examples`` to one operation."""
        from schemathesis.generation import GenerationMode

        operation = self.schema.find_operation_by_label(label)
        assert operation is not None
        found: list[str] = []
        self.codes = set()

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=examples == FEW,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE))
        def send(case: schemathesis.Case) -> None:
            token, csrf = self.signed_in()
            answer = case.call(headers={"x-csrf-token": csrf, "cookie": f"desk={token}"})
            self.codes.add(answer.status_code)
            if answer.status_code >= 500 and answer.status_code not in DESCRIBED:
                found.append(f"{answer.status_code}: {case.as_curl_command()}")

        send()
        return found


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    folder: Path = tmp_path_factory.mktemp("desk")
    with Store.open(StoreSettings(ballast=0), folder) as store:
        store.people.create("Li", birth_year=1950)
        desk = Desk(
            DeskSettings(requests=100_000, sign_ins=1000, hosts=("testserver",)),
            store,
            permits=Permits.open(store, folder / "permit.key", PermitSettings()),
            folder=folder,
        )
        yield Manager(desk)
        desk.imports.close()


@pytest.mark.slow
@pytest.mark.parametrize("label", labels())
def test_no_operation_answers_5xx(manager: Manager, label: str) -> None:
    assert manager.faults(label, FEW) == []
    assert manager.codes - {401, 421}, "signed in, and by a host of its own"


@pytest.mark.soak
@pytest.mark.parametrize("label", labels())
def test_no_operation_answers_5xx_in_the_long_run(manager: Manager, label: str) -> None:
    assert manager.faults(label, MANY) == []
