"""Figures of other exchanges, and the buyers who agreed to be named.

Revision ID: 0009_ranked_apart
"""

from alembic import op

from migrations import statements

revision = "0009_ranked_apart"
down_revision = "0008_waiting_by_transaction"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
