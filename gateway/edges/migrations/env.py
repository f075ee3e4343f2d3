"""Alembic's entry: runs the revisions on the connection that was handed in, or on the configured address."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from gateway.edges.store.columns import for_postgresql
from gateway.edges.store.engine import open_engines
from gateway.edges.store.tables import CATALOGUE


def run(connection: Connection) -> None:
    """Run what Alembic was asked for; SQLite cannot alter most things, so tables are rebuilt in batches."""
    if connection.dialect.name == "postgresql":
        for_postgresql(CATALOGUE)
    context.configure(connection=connection, target_metadata=CATALOGUE, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


handed_in = context.config.attributes.get("connection")
if handed_in is not None:
    run(handed_in)
else:
    engines = open_engines(context.config.get_main_option("sqlalchemy.url") or "")
    with engines.writer.begin() as opened:
        run(opened)
    engines.dispose()
