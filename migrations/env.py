"""Alembic's door: runs the steps on the connection that `migrations.upgrade` hands over."""

from alembic import context

import app  # noqa: F401 - imports every table
from kernel.db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    transactional_ddl=True,
)
context.run_migrations()
