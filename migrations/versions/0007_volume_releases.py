"""Releases of volume: figures that two people made known, and the tree of their lines.

Revision ID: 0007_volume_releases
"""

from alembic import op

from migrations import statements

revision = "0007_volume_releases"
down_revision = "0006_counted_volume"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
