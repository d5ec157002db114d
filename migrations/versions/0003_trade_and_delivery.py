"""Trade and delivery: listings, packages, shares, calls, demands; what settlement still lacked.

Revision ID: 0003_trade_and_delivery
"""

from alembic import op

from migrations import statements

revision = "0003_trade_and_delivery"
down_revision = "0002_licensing_and_money"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
