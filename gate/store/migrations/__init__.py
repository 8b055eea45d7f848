"""Alembic's folder: ``versions/`` holds the steps from one schema to the next."""
