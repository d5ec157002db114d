"""Licensing whole: onboarding, the frame of agreements, applications, assessments, life.

Revision ID: 0002_licensing
"""

from alembic import op

from migrations import statements

revision = "0002_licensing"
down_revision = "0001_the_house"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
