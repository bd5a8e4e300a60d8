"""What is known of vehicles, where they are, and the days, trips, stops and fences found in their tracks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vehicle_checkpoint",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_vehicle_checkpoint_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", "hour", name=op.f("pk_vehicle_checkpoint")),
    )
    op.create_table(
        "geofence",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shape", postgresql.JSONB(), nullable=False),
        sa.Column("colour", sa.Text(), server_default=sa.text("'#2563eb'"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("on_enter", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("on_leave", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("dwell_minutes", sa.BigInteger(), nullable=True),
        sa.Column("speed_limit_kmh", sa.BigInteger(), nullable=True),
        sa.Column(
            "applies_from", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("active = (retired_at is null)", name=op.f("ck_geofence_active_until_retired")),
        sa.CheckConstraint(
            "dwell_minutes is null or dwell_minutes between 1 and 10080", name=op.f("ck_geofence_dwell_plausible")
        ),
        sa.CheckConstraint(
            "speed_limit_kmh is null or speed_limit_kmh between 5 and 250", name=op.f("ck_geofence_limit_plausible")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_geofence_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_geofence")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_geofence_id_asset_id")),
    )
    op.create_index(
        "uq_geofence_name", "geofence", ["asset_id", "name"], unique=True, postgresql_where=sa.text("active")
    )
    op.create_table(
        "driving_event",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("top_speed_kmh_milli", sa.BigInteger(), nullable=True),
        sa.Column("limit_kmh", sa.BigInteger(), nullable=True),
        sa.Column("latitude_e7", sa.BigInteger(), nullable=True),
        sa.Column("longitude_e7", sa.BigInteger(), nullable=True),
        sa.Column("geofence_id", sa.UUID(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "kind <> 'speeding' or limit_kmh is not null", name=op.f("ck_driving_event_faster_than_something")
        ),
        sa.CheckConstraint("kind in ('speeding', 'tampering')", name=op.f("ck_driving_event_kind_known")),
        sa.CheckConstraint(
            "ended_at is null or ended_at >= started_at", name=op.f("ck_driving_event_ends_after_it_starts")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name=op.f("fk_driving_event_unit_id_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["geofence_id", "asset_id"],
            ["geofence.id", "geofence.asset_id"],
            name=op.f("fk_driving_event_geofence_id_asset_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driving_event")),
        sa.UniqueConstraint("unit_id", "kind", "started_at", name=op.f("uq_driving_event_unit_id_kind_started_at")),
    )
    op.create_index("ix_driving_event_asset_id", "driving_event", ["asset_id", "started_at"], unique=False)
    op.create_index("ix_driving_event_decided_at", "driving_event", ["unit_id", "decided_at"], unique=False)
    op.create_table(
        "fence_event",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("geofence_id", sa.UUID(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("historical", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("what in ('enter', 'leave', 'dwell')", name=op.f("ck_fence_event_what_known")),
        sa.ForeignKeyConstraint(
            ["geofence_id", "asset_id"],
            ["geofence.id", "geofence.asset_id"],
            name=op.f("fk_fence_event_geofence_id_asset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name=op.f("fk_fence_event_unit_id_asset_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fence_event")),
        sa.UniqueConstraint(
            "unit_id", "geofence_id", "what", "at", name=op.f("uq_fence_event_unit_id_geofence_id_what_at")
        ),
    )
    op.create_index("ix_fence_event_asset_id", "fence_event", ["asset_id", "at"], unique=False)
    op.create_index("ix_fence_event_decided_at", "fence_event", ["unit_id", "decided_at"], unique=False)
    op.create_table(
        "rejected_fix",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name=op.f("fk_rejected_fix_unit_id_asset_id")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_rejected_fix")),
    )
    op.create_index("ix_rejected_fix_unit_id", "rejected_fix", ["unit_id", "at"], unique=False)
    op.create_table(
        "trip",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("start_latitude_e7", sa.BigInteger(), nullable=False),
        sa.Column("start_longitude_e7", sa.BigInteger(), nullable=False),
        sa.Column("end_latitude_e7", sa.BigInteger(), nullable=False),
        sa.Column("end_longitude_e7", sa.BigInteger(), nullable=False),
        sa.Column("distance_mm", sa.BigInteger(), nullable=False),
        sa.Column("moving_seconds", sa.BigInteger(), nullable=False),
        sa.Column("top_speed_kmh_milli", sa.BigInteger(), nullable=False),
        sa.Column("driver_id", sa.UUID(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("distance_mm > 0", name=op.f("ck_trip_goes_somewhere")),
        sa.CheckConstraint("ended_at is null or ended_at >= started_at", name=op.f("ck_trip_ends_after_it_starts")),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name=op.f("fk_trip_unit_id_asset_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trip")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_trip_id_asset_id")),
        sa.UniqueConstraint("unit_id", "started_at", name=op.f("uq_trip_unit_id_started_at")),
    )
    op.create_index("ix_trip_asset_id", "trip", ["asset_id", "started_at"], unique=False)
    op.create_index("ix_trip_decided_at", "trip", ["unit_id", "decided_at"], unique=False)
    op.create_table(
        "vehicle",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("make", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("year", sa.BigInteger(), nullable=True),
        sa.Column("vin", sa.Text(), nullable=True),
        sa.Column("fuel", sa.Text(), nullable=True),
        sa.Column("seats", sa.BigInteger(), nullable=True),
        sa.Column("speed_limit_kmh", sa.BigInteger(), nullable=True),
        sa.Column("odometer_offset_m", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("engine_offset_s", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("seats is null or seats between 1 and 1000", name=op.f("ck_vehicle_seats_plausible")),
        sa.CheckConstraint(
            "speed_limit_kmh is null or speed_limit_kmh between 5 and 250", name=op.f("ck_vehicle_limit_plausible")
        ),
        sa.CheckConstraint("year is null or year between 1900 and 2200", name=op.f("ck_vehicle_year_plausible")),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"],
            ["unit.id", "unit.asset_id"],
            name=op.f("fk_vehicle_unit_id_asset_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_vehicle")),
    )
    op.create_table(
        "vehicle_day",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("distance_mm", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("moving_seconds", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("idle_seconds", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("engine_seconds", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("trips", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fixes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rejected", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("top_speed_kmh_milli", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fares", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("passengers_most", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name=op.f("fk_vehicle_day_unit_id_asset_id")
        ),
        sa.PrimaryKeyConstraint("unit_id", "day", name=op.f("pk_vehicle_day")),
    )
    op.create_index("ix_vehicle_day_asset_id", "vehicle_day", ["asset_id", "day"], unique=False)
    op.create_table(
        "vehicle_state",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("latitude_e7", sa.BigInteger(), nullable=True),
        sa.Column("longitude_e7", sa.BigInteger(), nullable=True),
        sa.Column("fix_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("speed_kmh_milli", sa.BigInteger(), nullable=True),
        sa.Column("heading", sa.BigInteger(), nullable=True),
        sa.Column("moving", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("standing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ignition", sa.Text(), nullable=True),
        sa.Column("passengers", sa.BigInteger(), nullable=True),
        sa.Column("counted_mm", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("engine_seconds", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("trip_id", sa.UUID(), nullable=True),
        sa.Column("inside", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("fold", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("folded_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("doubt", sa.Text(), nullable=True),
        sa.Column("doubt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name=op.f("fk_vehicle_state_unit_id_asset_id")
        ),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_vehicle_state")),
    )
    # written at every word: room for the next version beside it, and no index to mend
    op.execute("alter table vehicle_state set (fillfactor = 50)")
    op.create_index("ix_vehicle_state_asset_id", "vehicle_state", ["asset_id"], unique=False)
    op.create_table(
        "vehicle_stop",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("latitude_e7", sa.BigInteger(), nullable=False),
        sa.Column("longitude_e7", sa.BigInteger(), nullable=False),
        sa.Column("idle_seconds", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "ended_at is null or ended_at >= started_at", name=op.f("ck_vehicle_stop_ends_after_it_starts")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name=op.f("fk_vehicle_stop_unit_id_asset_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle_stop")),
        sa.UniqueConstraint("unit_id", "started_at", name=op.f("uq_vehicle_stop_unit_id_started_at")),
    )
    op.create_index("ix_vehicle_stop_asset_id", "vehicle_stop", ["asset_id", "started_at"], unique=False)
    op.create_index("ix_vehicle_stop_decided_at", "vehicle_stop", ["unit_id", "decided_at"], unique=False)


def downgrade() -> None:
    for name in (
        "vehicle_stop",
        "vehicle_state",
        "vehicle_day",
        "vehicle",
        "trip",
        "rejected_fix",
        "fence_event",
        "driving_event",
        "geofence",
        "vehicle_checkpoint",
    ):
        op.drop_table(name)
