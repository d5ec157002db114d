"""More rules by which a trade is suspected, and a way to what does not count.

Revision ID: 0010_more_rules_of_integrity
"""

from alembic import op

from migrations import statements

revision = "0010_more_rules_of_integrity"
down_revision = "0009_ranked_apart"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
