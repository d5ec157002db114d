"""Data in: uploads in parts, data sets and their versions.

Revision ID: 0003_data_in
"""

from alembic import op

from migrations import statements

revision = "0003_data_in"
down_revision = "0002_licensing_and_money"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
