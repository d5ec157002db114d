"""The house: parties, catalogue, licensing, books, trade, delivery.

Revision ID: 0001_the_house
"""

from alembic import op

from migrations import statements

revision = "0001_the_house"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
