"""Counted volume: its moves in one table, and the tallies that are kept of them.

Revision ID: 0006_counted_volume
"""

from alembic import op

from migrations import statements

revision = "0006_counted_volume"
down_revision = "0005_lasting_trade"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
