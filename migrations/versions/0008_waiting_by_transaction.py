"""What waits to be tallied is found by the transaction that wrote it.

Revision ID: 0008_waiting_by_transaction
"""

from alembic import op

from migrations import statements

revision = "0008_waiting_by_transaction"
down_revision = "0007_volume_releases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
