"""Licensing whole, and money whole: agreements, cases, rights; rails, bills, refunds, papers.

Revision ID: 0002_licensing_and_money
"""

from alembic import op

from migrations import statements

revision = "0002_licensing_and_money"
down_revision = "0001_the_house"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
