"""From the first account to the first person let in: what is done, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from enroll import history
from enroll.gates import GateView
from gate.store.engine import Database
from gate.store.tables import CredentialRow, PersonRow, TemplateRow


@dataclass(frozen=True, slots=True)
class Step:
    """One step; texts are sentences of the catalogue.

    Attributes:
        teach: what to do when it is the next one.
        link, label: where it is done; empty when it is not done at the desk.
    """

    text: str
    done: bool
    teach: str
    link: str = ""
    label: str = ""


class FirstSteps:
    """The steps until somebody was let in once; then there are none, and nothing is asked."""

    def __init__(self) -> None:
        self._over = False

    def of(self, database: Database, gates: Sequence[GateView]) -> list[Step]:
        """All steps, or none once the last is done. Raises StoreError."""
        if self._over:
            return []
        with database.read() as session:
            people = session.scalar(select(PersonRow.id).limit(1)) is not None
            proof = any(
                session.scalar(select(table.id).limit(1)) is not None
                for table in (TemplateRow, CredentialRow)
            )
        names = [gate.name for gate in gates]
        newest = history.newest(database, names, ("passage.granted",))
        let_in = any(newest.values())
        self._over = let_in
        return [] if let_in else steps(any(g.running == "running" for g in gates), people, proof)


def steps(running: bool, people: bool, proof: bool) -> list[Step]:
    """What is done of the way to the first person let in. Pure."""
    return [
        Step("The desk has an account", True, ""),
        Step(
            "A gate is running",
            running,
            "Start the gate on its box (gate run, or the service gate). Its door and devices "
            "appear here within ten seconds; gate doctor says what is missing.",
        ),
        Step(
            "Somebody is in the register",
            people,
            "Enrol the first person at the camera, or import a table of all residents.",
            "/people/new",
            "Enrol somebody new",
        ),
        Step(
            "A face or a card is enrolled",
            proof,
            "Open a person, ask for consent and take the five views; whoever refuses gets a card.",
            "/people",
            "To the people",
        ),
        Step(
            "Somebody was let in",
            False,
            "Walk to the gate and look at the camera, or hold the card to the reader. "
            "The passage appears below by itself.",
        ),
    ]
