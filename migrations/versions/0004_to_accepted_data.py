"""To accepted data: boards and agents, contracts and their ends, ratings, mounts, hooks.

Revision ID: 0004_to_accepted_data
"""

from alembic import op

from migrations import statements

revision = "0004_to_accepted_data"
down_revision = "0003_trade_and_delivery"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
