"""Templates: sealed in the database, opened only in memory."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, select

from gate.recognition.face import Template
from gate.store.changes import touch
from gate.store.consents import forget_faces, refuse_after_no
from gate.store.engine import Database, pieces
from gate.store.tables import ChangeRow, TemplateRow
from gate.store.vault import DestroyedError, Vault


@dataclass(frozen=True, slots=True)
class Loaded:
    """All templates of one encoder.

    Attributes:
        generation: of ``Store.changes`` when they were read.
        people: int64 (n,), the person of each row.
        vectors: float32 (n, d), contiguous; (0, 0) when there are none.
        quality: float32 (n,).
    """

    generation: int
    people: NDArray[np.int64]
    vectors: NDArray[np.float32]
    quality: NDArray[np.float32]


class Templates:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def add(self, *templates: Template) -> None:
        """Keep templates, in one transaction. Raises StoreError for people not in the register."""
        with self._database.write() as session:
            session.add_all(
                TemplateRow(
                    person_id=template.person,
                    encoder=template.encoder,
                    vector=self._vault.seal(template.vector, template.person, template.encoder),
                    quality=template.quality,
                    label=template.label,
                )
                for template in templates
            )
            touch(session, *sorted({template.person for template in templates}))

    def replace(self, person: int, encoder: str, templates: Iterable[Template]) -> None:
        """Put these in place of all templates the person has for the encoder.

        Raises StoreError, also when the person has said no meanwhile.
        """
        with self._database.write() as session:
            refuse_after_no(session, person, "face")
            session.execute(
                delete(TemplateRow).where(
                    TemplateRow.person_id == person, TemplateRow.encoder == encoder
                )
            )
            session.add_all(
                TemplateRow(
                    person_id=person,
                    encoder=encoder,
                    vector=self._vault.seal(template.vector, person, encoder),
                    quality=template.quality,
                    label=template.label,
                )
                for template in templates
            )
            touch(session, person)
        self._database.wipe()

    def remove(self, person: int, encoder: str | None = None) -> bool:
        """Forget a person's templates. Returns whether the bytes are gone from the files too."""
        with self._database.write() as session:
            if encoder is None:
                forget_faces(session, person)
            else:
                of = TemplateRow.encoder == encoder
                session.execute(delete(TemplateRow).where(TemplateRow.person_id == person, of))
            touch(session, person)
        return self._database.wipe()

    def of(self, people: Iterable[int], encoder: str) -> list[Template]:
        """The templates of some people, in the order they were enrolled."""
        query = select(
            TemplateRow.id,
            TemplateRow.person_id,
            TemplateRow.vector,
            TemplateRow.quality,
            TemplateRow.label,
        ).where(TemplateRow.encoder == encoder)
        with self._database.read() as session:
            rows = [
                row
                for some in pieces(people)
                for row in session.execute(query.where(TemplateRow.person_id.in_(some)))
            ]
        rows.sort(key=lambda row: row[0])
        found = []
        for _, person, sealed, quality, label in rows:
            with suppress(DestroyedError):
                vector = self._vault.unseal(sealed, person, encoder)
                found.append(Template(person, vector, encoder, quality, label))
        return found

    def load(self, encoder: str) -> Loaded:
        """Every template of an encoder as one matrix. Raises StoreError with the wrong key."""
        if self._vault.person_keys is not None:
            self._vault.person_keys.read_all()
        with self._database.read() as session:
            generation = session.scalar(select(func.max(ChangeRow.id))) or 0
            mine = TemplateRow.encoder == encoder
            count = session.scalar(select(func.count()).select_from(TemplateRow).where(mine)) or 0
            rows = session.execute(
                select(TemplateRow.person_id, TemplateRow.vector, TemplateRow.quality)
                .where(mine)
                .order_by(TemplateRow.person_id, TemplateRow.id)
                .execution_options(yield_per=1000)
            )
            people, quality = np.zeros(count, np.int64), np.zeros(count, np.float32)
            vectors, read = np.zeros((0, 0), np.float32), 0
            for person, sealed, good in rows:
                if read == count:  # added since it was counted: a change after ``generation``
                    break
                try:
                    vector = self._vault.unseal(sealed, person, encoder)
                except DestroyedError:  # the register was put back from a backup
                    continue
                if not read:
                    vectors = np.zeros((count, len(vector)), np.float32)
                people[read], vectors[read], quality[read] = person, vector, good
                read += 1
        return Loaded(generation, people[:read], vectors[:read], quality[:read])

    def seal_again(self, most: int = 500) -> int:
        """Seal with keys of their people what was sealed before there were any; how many."""
        if self._vault.person_keys is None:
            return 0
        with self._database.write() as session:
            query = select(TemplateRow).where(func.length(TemplateRow.vector) % 4 == 0).limit(most)
            rows = list(session.scalars(query))
            for row in rows:
                vector = self._vault.unseal(row.vector, row.person_id, row.encoder)
                row.vector = self._vault.seal(vector, row.person_id, row.encoder)
        return len(rows)

    def drop_unreadable(self) -> int:
        """Delete templates whose person's key was destroyed; how many."""
        gone = []
        with self._database.read() as session:
            columns = TemplateRow.id, TemplateRow.person_id, TemplateRow.encoder, TemplateRow.vector
            for id, person, encoder, sealed in session.execute(
                select(*columns).execution_options(yield_per=1000)
            ):
                try:
                    self._vault.unseal(sealed, person, encoder)
                except DestroyedError:
                    gone.append((id, person))
        for some in pieces(gone, 500):
            with self._database.write() as session:
                ids = [id for id, _ in some]
                session.execute(delete(TemplateRow).where(TemplateRow.id.in_(ids)))
                touch(session, *sorted({person for _, person in some}))
        return len(gone)

    def qualities(self, person: int) -> dict[str, list[float]]:
        """The quality of a person's templates, best first, for each encoder."""
        with self._database.read() as session:
            rows = session.execute(
                select(TemplateRow.encoder, TemplateRow.quality)
                .where(TemplateRow.person_id == person)
                .order_by(TemplateRow.encoder, TemplateRow.quality.desc())
            )
            found: dict[str, list[float]] = {}
            for encoder, quality in rows:
                found.setdefault(encoder, []).append(quality)
            return found

    def known(self, encoder: str) -> tuple[int, int]:
        """How many people have a template of ``encoder``, and how many have any."""
        everybody = select(func.count(TemplateRow.person_id.distinct()))
        with self._database.read() as session:
            known = session.scalar(everybody.where(TemplateRow.encoder == encoder)) or 0
            return known, session.scalar(everybody) or 0

    def count(self) -> dict[str, int]:
        """How many templates there are for each encoder."""
        with self._database.read() as session:
            rows = session.execute(
                select(TemplateRow.encoder, func.count()).group_by(TemplateRow.encoder)
            )
            return {row[0]: row[1] for row in rows}
