"""Run by Alembic; the connection is passed by gate/store/migrate.py."""

from alembic import context

from gate.store.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True
)
context.run_migrations()
