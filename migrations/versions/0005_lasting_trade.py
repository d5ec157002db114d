"""Lasting trade: renewals and trials, complaints, mandates, leases of quota.

Revision ID: 0005_lasting_trade
"""

from alembic import op

from migrations import statements

revision = "0005_lasting_trade"
down_revision = "0004_to_accepted_data"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
