"""Incidents, the notes that nobody changes, and the drivers' daily look round."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incident",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("driver_id", sa.UUID(), nullable=True),
        sa.Column("alert_id", sa.UUID(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("latitude_e7", sa.BigInteger(), nullable=True),
        sa.Column("longitude_e7", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("third_party", sa.Text(), nullable=True),
        sa.Column("injured", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("police_reference", sa.Text(), nullable=True),
        sa.Column("cost", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("(status = 'closed') = (closed_at is not null)", name=op.f("ck_incident_closed_when")),
        sa.CheckConstraint(
            "kind in ('accident', 'breakdown', 'theft', 'damage', 'complaint', 'tampering', 'other')",
            name=op.f("ck_incident_kind_known"),
        ),
        sa.CheckConstraint("severity in ('minor', 'serious', 'severe')", name=op.f("ck_incident_severity_known")),
        sa.CheckConstraint("status in ('open', 'closed')", name=op.f("ck_incident_status_known")),
        sa.CheckConstraint("(latitude_e7 is null) = (longitude_e7 is null)", name=op.f("ck_incident_position_whole")),
        sa.CheckConstraint("cost >= 0 and injured >= 0", name=op.f("ck_incident_figures_not_negative")),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_incident_alert_id")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_incident_asset_id")),
        sa.ForeignKeyConstraint(
            ["driver_id", "asset_id"], ["driver.id", "driver.asset_id"], name="fk_incident_driver_id_asset_id"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name="fk_incident_unit_id_asset_id"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("asset_id", "number", name=op.f("uq_incident_asset_id_number")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_incident_id_asset_id")),
    )
    op.create_index("ix_incident_asset_id", "incident", ["asset_id", "happened_at", "id"], unique=False)
    op.create_index("ix_incident_driver_id", "incident", ["driver_id", "happened_at"], unique=False)
    op.create_index("ix_incident_unit_id", "incident", ["unit_id", "happened_at"], unique=False)
    op.create_table(
        "incident_note",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("incident_id", sa.UUID(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["incident_id", "asset_id"],
            ["incident.id", "incident.asset_id"],
            name="fk_incident_note_incident_id_asset_id",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_note")),
    )
    op.create_index("ix_incident_note_incident_id", "incident_note", ["incident_id", "id"], unique=False)
    op.create_table(
        "vehicle_check",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("driver_id", sa.UUID(), nullable=False),
        sa.Column("items", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("incident_id", sa.UUID(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["driver_id", "asset_id"], ["driver.id", "driver.asset_id"], name="fk_vehicle_check_driver_id_asset_id"
        ),
        sa.ForeignKeyConstraint(
            ["incident_id", "asset_id"],
            ["incident.id", "incident.asset_id"],
            name="fk_vehicle_check_incident_id_asset_id",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name="fk_vehicle_check_unit_id_asset_id"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle_check")),
    )
    op.create_index("ix_vehicle_check_unit_id", "vehicle_check", ["unit_id", "created_at"], unique=False)
    op.execute(
        "create trigger incident_note_append_only before update or delete on incident_note"
        " for each row execute function forbid_change()"
    )


def downgrade() -> None:
    op.drop_table("vehicle_check")
    op.drop_table("incident_note")
    op.drop_table("incident")
