"""Keys of people are destroyed with them, and a register put back from a backup finds that out."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import select

from gate.store.audit import Audit
from gate.store.engine import Database, pieces
from gate.store.key_value import KeyValueStore
from gate.store.people import People
from gate.store.person_keys import PersonKeys
from gate.store.tables import ErasureRow, PersonRow
from gate.store.templates import Templates

log = logging.getLogger(__name__)

_FACT = "person_keys"  # in the register: how many keys were destroyed when it was last written


class Shredding:
    """Any thread; raises StoreError."""

    def __init__(
        self,
        database: Database,
        keys: PersonKeys,
        people: People,
        templates: Templates,
        audit: Audit,
    ) -> None:
        self._database = database
        self._keys = keys
        self._people = people
        self._templates = templates
        self._audit = audit
        self._facts = KeyValueStore(database)

    def shred(self, gone: Sequence[tuple[str, int]]) -> None:
        """Destroy keys: of people by pseudonym and number, "" for one who stays without a face."""
        faceless = [person for ref, person in gone if not ref]
        self._keys.destroy({ref: person for ref, person in gone if ref}, faceless)
        self._facts.set(_FACT, {"n": self._keys.count()})

    def reconcile(self) -> int:
        """Where the register or the keys were put back from a copy: delete again who was deleted
        meanwhile, on either side. How many people that were.
        """
        noted = (self._facts.get(_FACT) or {"n": 0})["n"]
        count = self._keys.count()
        if noted == count:
            return 0
        destroyed = self._keys.destroyed()
        with self._database.read() as session:
            rows = session.execute(select(ErasureRow.ref, ErasureRow.person_id))
            erased = {row[0]: row[1] for row in rows}
            numbers = set(session.scalars(select(PersonRow.id)))
        # a number that was given again is somebody else's by now
        late = {ref: n if n not in numbers else 0 for ref, n in erased.items()}
        self._keys.destroy({ref: n for ref, n in late.items() if ref not in destroyed})
        again = 0
        for some in pieces(destroyed, 200):
            with self._database.write() as session:
                there = session.scalars(select(PersonRow.id).where(PersonRow.ref.in_(some))).all()
                for person in there:
                    self._people.delete_in(session, person)
            again += len(there)
        if noted > count:  # the keys are older than the register: newer ones may still be found
            log.error("keys.older", extra={"where": self._keys.where, "count": noted - count})
        elif faces := self._templates.drop_unreadable():
            log.warning("keys.destroyed", extra={"people": again, "faces": faces})
        if again:
            self._audit.note("person keys", "people.deleted_again", count=again)
        self._database.wipe()
        self._facts.set(_FACT, {"n": self._keys.count()})
        return again
