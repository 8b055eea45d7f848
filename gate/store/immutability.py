"""Triggers that keep events and audit lines as they were written.

Lines may be removed as a whole when their retention period is over (the audit chain then shows
where it was cut), but never altered.
"""

from __future__ import annotations

_WRITTEN_ONCE = ("events", "audit")


def statements(dialect: str) -> list[str]:
    """SQL that makes the triggers; empty for databases where none are made."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_written_once BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are written once'); END"
            for table in _WRITTEN_ONCE
        ]
    if dialect == "postgresql":
        return [
            "CREATE FUNCTION written_once() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% are written once', TG_TABLE_NAME; END $$",
            *(
                f"CREATE TRIGGER {table}_written_once BEFORE UPDATE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION written_once()"
                for table in _WRITTEN_ONCE
            ),
        ]
    return []
