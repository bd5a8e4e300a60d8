"""Drivers, and who has which vehicle when: never two at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "driver",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("licence_number", sa.Text(), nullable=False),
        sa.Column("licence_classes", sa.Text(), nullable=False),
        sa.Column("licence_expires_on", sa.Date(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("told_of_licence", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("status in ('active', 'away', 'left')", name=op.f("ck_driver_status_known")),
        sa.CheckConstraint("told_of_licence in ('soon', 'over')", name=op.f("ck_driver_told_known")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_driver_asset_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_driver_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driver")),
        sa.UniqueConstraint("asset_id", "number", name=op.f("uq_driver_asset_id_number")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_driver_id_asset_id")),
    )
    op.create_index(
        "uq_driver_account",
        "driver",
        ["asset_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'left'"),
    )
    op.create_index(
        "uq_driver_licence",
        "driver",
        ["asset_id", "licence_number"],
        unique=True,
        postgresql_where=sa.text("status <> 'left'"),
    )
    op.create_table(
        "driver_assignment",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("driver_id", sa.UUID(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("assigned_by", sa.Text(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("cut_short_id", sa.UUID(), nullable=True),
        sa.Column("was_to_end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        postgresql.ExcludeConstraint(
            (sa.column("driver_id"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_driver_assignment_one_vehicle",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("unit_id"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_driver_assignment_one_driver",
        ),
        sa.CheckConstraint("not isempty(during)", name=op.f("ck_driver_assignment_during_not_empty")),
        sa.ForeignKeyConstraint(
            ["cut_short_id"], ["driver_assignment.id"], name=op.f("fk_driver_assignment_cut_short_id")
        ),
        sa.ForeignKeyConstraint(
            ["driver_id", "asset_id"], ["driver.id", "driver.asset_id"], name="fk_driver_assignment_driver_id_asset_id"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name="fk_driver_assignment_unit_id_asset_id"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driver_assignment")),
    )
    op.create_index(
        "ix_driver_assignment_asset_id", "driver_assignment", ["asset_id", sa.text("lower(during)")], unique=False
    )
    op.create_foreign_key(
        op.f("fk_trip_driver_id_asset_id"), "trip", "driver", ["driver_id", "asset_id"], ["id", "asset_id"]
    )
    op.create_index("ix_trip_driver_id", "trip", ["driver_id", "started_at"])


def downgrade() -> None:
    op.drop_index("ix_trip_driver_id", "trip")
    op.drop_constraint(op.f("fk_trip_driver_id_asset_id"), "trip")
    op.drop_table("driver_assignment")
    op.drop_table("driver")
