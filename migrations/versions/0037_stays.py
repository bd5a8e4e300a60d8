"""Guests, groups, reservations, stays, and the rooms they are in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer", sa.Column("kind", sa.Text(), server_default=sa.text("'person'"), nullable=False))
    op.add_column("customer", sa.Column("merged_into_id", sa.UUID(), nullable=True))
    op.add_column("customer", sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f("fk_customer_merged_into_id"), "customer", "customer", ["merged_into_id"], ["id"])
    op.create_check_constraint(op.f("ck_customer_kind_known"), "customer", "kind in ('person', 'company', 'agent')")
    op.create_check_constraint(op.f("ck_customer_not_into_itself"), "customer", "merged_into_id <> id")
    op.drop_constraint(op.f("ck_access_grant_kind_known"), "access_grant", type_="check")
    op.create_check_constraint(op.f("ck_access_grant_kind_known"), "access_grant", "kind in ('paid', 'direct', 'stay')")
    op.create_table(
        "guest_profile",
        sa.Column("customer_id", sa.UUID(), nullable=False),
        sa.Column("nationality", sa.Text(), nullable=True),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("document_kind", sa.Text(), nullable=True),
        sa.Column("document_number", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("vip", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("do_not_rent", sa.Text(), nullable=True),
        sa.Column("preferences", sa.Text(), nullable=True),
        sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_guest_profile_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_guest_profile")),
    )
    op.create_table(
        "booking_group",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company_id", sa.UUID(), nullable=True),
        sa.Column("rate_plan_id", sa.UUID(), nullable=True),
        sa.Column("arrival", sa.Date(), nullable=False),
        sa.Column("departure", sa.Date(), nullable=False),
        sa.Column("cutoff_on", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("routes", postgresql.JSONB(), server_default=sa.text('\'["room", "tax"]\''), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("status in ('open', 'cut_off', 'cancelled')", name=op.f("ck_booking_group_status_known")),
        sa.CheckConstraint("departure > arrival", name=op.f("ck_booking_group_dates_in_order")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_booking_group_asset_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["company_id"], ["customer.id"], name=op.f("fk_booking_group_company_id")),
        sa.ForeignKeyConstraint(["rate_plan_id"], ["rate_plan.id"], name=op.f("fk_booking_group_rate_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_group")),
        sa.UniqueConstraint("asset_id", "code", name=op.f("uq_booking_group_asset_id_code")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_booking_group_id_asset_id")),
    )
    op.create_table(
        "allotment",
        sa.Column("group_id", sa.UUID(), nullable=False),
        sa.Column("room_type_id", sa.UUID(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("blocked", sa.BigInteger(), nullable=False),
        sa.Column("picked_up", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("released", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("blocked >= 0 and picked_up >= 0 and released >= 0", name=op.f("ck_allotment_not_negative")),
        sa.CheckConstraint("picked_up + released <= blocked", name=op.f("ck_allotment_no_more_than_blocked")),
        sa.ForeignKeyConstraint(["group_id"], ["booking_group.id"], name=op.f("fk_allotment_group_id")),
        sa.ForeignKeyConstraint(["room_type_id"], ["room_type.id"], name=op.f("fk_allotment_room_type_id")),
        sa.PrimaryKeyConstraint("group_id", "room_type_id", "night", name=op.f("pk_allotment")),
    )
    op.create_table(
        "reservation",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("booker_id", sa.UUID(), nullable=False),
        sa.Column("company_id", sa.UUID(), nullable=True),
        sa.Column("agent_id", sa.UUID(), nullable=True),
        sa.Column("group_id", sa.UUID(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("channel_ref", sa.Text(), nullable=True),
        sa.Column("hold_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("(channel is null) = (channel_ref is null)", name=op.f("ck_reservation_channel_whole")),
        sa.ForeignKeyConstraint(["agent_id"], ["customer.id"], name=op.f("fk_reservation_agent_id")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_reservation_asset_id")),
        sa.ForeignKeyConstraint(["booker_id"], ["customer.id"], name=op.f("fk_reservation_booker_id")),
        sa.ForeignKeyConstraint(["company_id"], ["customer.id"], name=op.f("fk_reservation_company_id")),
        sa.ForeignKeyConstraint(
            ["group_id", "asset_id"],
            ["booking_group.id", "booking_group.asset_id"],
            name=op.f("fk_reservation_group_id_asset_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
        sa.UniqueConstraint(
            "asset_id", "channel", "channel_ref", name=op.f("uq_reservation_asset_id_channel_channel_ref")
        ),
        sa.UniqueConstraint("asset_id", "number", name=op.f("uq_reservation_asset_id_number")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_reservation_id_asset_id")),
        sa.UniqueConstraint("token", name=op.f("uq_reservation_token")),
    )
    op.create_index("ix_reservation_asset_id", "reservation", ["asset_id", "created_at"], unique=False)
    op.create_index("ix_reservation_booker_id", "reservation", ["booker_id"], unique=False)
    op.create_index(
        "ix_reservation_hold",
        "reservation",
        ["hold_expires_at"],
        unique=False,
        postgresql_where=sa.text("hold_expires_at is not null"),
    )
    op.create_table(
        "stay",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("reservation_id", sa.UUID(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("room_type_id", sa.UUID(), nullable=False),
        sa.Column("room_id", sa.UUID(), nullable=True),
        sa.Column("room_locked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("guest_id", sa.UUID(), nullable=False),
        sa.Column("rate_plan_id", sa.UUID(), nullable=True),
        sa.Column("arrival", sa.Date(), nullable=False),
        sa.Column("departure", sa.Date(), nullable=False),
        sa.Column("day_use", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("adults", sa.BigInteger(), nullable=False),
        sa.Column("children", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("eta_minute", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("departed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("policy", postgresql.JSONB(), nullable=True),
        sa.Column("grant_id", sa.UUID(), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("status <> 'in_house' or room_id is not null", name=op.f("ck_stay_in_a_room")),
        sa.CheckConstraint(
            "status in ('held', 'confirmed', 'in_house', 'checked_out', 'cancelled', 'no_show', 'expired')",
            name=op.f("ck_stay_status_known"),
        ),
        sa.CheckConstraint("adults >= 1 and children >= 0", name=op.f("ck_stay_people")),
        sa.CheckConstraint(
            "departure > arrival or (day_use and departure = arrival)", name=op.f("ck_stay_dates_in_order")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_stay_asset_id")),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], name=op.f("fk_stay_grant_id")),
        sa.ForeignKeyConstraint(["guest_id"], ["customer.id"], name=op.f("fk_stay_guest_id")),
        sa.ForeignKeyConstraint(
            ["rate_plan_id", "asset_id"],
            ["rate_plan.id", "rate_plan.asset_id"],
            name=op.f("fk_stay_rate_plan_id_asset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id", "asset_id"],
            ["reservation.id", "reservation.asset_id"],
            name=op.f("fk_stay_reservation_id_asset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["room_id", "asset_id"], ["room.unit_id", "room.asset_id"], name=op.f("fk_stay_room_id_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["room_type_id", "asset_id"],
            ["room_type.id", "room_type.asset_id"],
            name=op.f("fk_stay_room_type_id_asset_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stay")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_stay_id_asset_id")),
        sa.UniqueConstraint("reservation_id", "place", name=op.f("uq_stay_reservation_id_place")),
    )
    op.create_index("ix_stay_arrival", "stay", ["asset_id", "arrival", "status"], unique=False)
    op.create_index("ix_stay_departure", "stay", ["asset_id", "departure", "status"], unique=False)
    op.create_index("ix_stay_guest_id", "stay", ["guest_id"], unique=False)
    op.create_index(
        "ix_stay_in_house", "stay", ["asset_id"], unique=False, postgresql_where=sa.text("status = 'in_house'")
    )
    op.create_index("ix_stay_room_type_id", "stay", ["room_type_id", "arrival"], unique=False)
    op.create_index(
        "uq_stay_in_house", "stay", ["room_id"], unique=True, postgresql_where=sa.text("status = 'in_house'")
    )
    op.create_table(
        "stay_night",
        sa.Column("stay_id", sa.UUID(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("room_type_id", sa.UUID(), nullable=False),
        sa.Column("rate_plan_id", sa.UUID(), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("taxes", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("released", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("price >= 0 and discount >= 0 and discount <= price", name=op.f("ck_stay_night_amounts")),
        sa.ForeignKeyConstraint(["rate_plan_id"], ["rate_plan.id"], name=op.f("fk_stay_night_rate_plan_id")),
        sa.ForeignKeyConstraint(["room_type_id"], ["room_type.id"], name=op.f("fk_stay_night_room_type_id")),
        sa.ForeignKeyConstraint(["stay_id"], ["stay.id"], name=op.f("fk_stay_night_stay_id")),
        sa.PrimaryKeyConstraint("stay_id", "night", name=op.f("pk_stay_night")),
    )
    op.create_index(
        "ix_stay_night_plan",
        "stay_night",
        ["rate_plan_id", "room_type_id", "night"],
        unique=False,
        postgresql_where=sa.text("not released"),
    )
    op.create_index(
        "ix_stay_night_room_type_id",
        "stay_night",
        ["room_type_id", "night"],
        unique=False,
        postgresql_where=sa.text("not released"),
    )
    op.create_table(
        "stay_guest",
        sa.Column("stay_id", sa.UUID(), nullable=False),
        sa.Column("customer_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_stay_guest_customer_id")),
        sa.ForeignKeyConstraint(["stay_id"], ["stay.id"], name=op.f("fk_stay_guest_stay_id")),
        sa.PrimaryKeyConstraint("stay_id", "customer_id", name=op.f("pk_stay_guest")),
    )
    op.create_table(
        "stay_step",
        sa.Column("stay_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["stay_id"], ["stay.id"], name=op.f("fk_stay_step_stay_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stay_step")),
    )
    op.create_index("ix_stay_step_stay_id", "stay_step", ["stay_id", "id"], unique=False)
    op.create_table(
        "waitlist",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("customer_id", sa.UUID(), nullable=False),
        sa.Column("room_type_id", sa.UUID(), nullable=False),
        sa.Column("arrival", sa.Date(), nullable=False),
        sa.Column("departure", sa.Date(), nullable=False),
        sa.Column("adults", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("status in ('waiting', 'booked', 'withdrawn')", name=op.f("ck_waitlist_status_known")),
        sa.CheckConstraint("departure > arrival", name=op.f("ck_waitlist_dates_in_order")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_waitlist_asset_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_waitlist_customer_id")),
        sa.ForeignKeyConstraint(["room_type_id"], ["room_type.id"], name=op.f("fk_waitlist_room_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist")),
    )
    op.create_index(
        "ix_waitlist_asset_id",
        "waitlist",
        ["asset_id", "arrival"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "room_occupancy",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("room_id", sa.UUID(), nullable=False),
        sa.Column("stay_id", sa.UUID(), nullable=True),
        sa.Column("block_id", sa.UUID(), nullable=True),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("main", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        postgresql.ExcludeConstraint(
            (sa.column("room_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("active"),
            deferrable=True,
            initially="IMMEDIATE",
            using="gist",
            name="ex_room_occupancy_one_at_a_time",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("stay_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("active and main"),
            deferrable=True,
            initially="IMMEDIATE",
            using="gist",
            name="ex_room_occupancy_one_room",
        ),
        sa.CheckConstraint("(stay_id is null) <> (block_id is null)", name=op.f("ck_room_occupancy_stay_or_block")),
        sa.CheckConstraint("not isempty(during)", name=op.f("ck_room_occupancy_during_not_empty")),
        sa.ForeignKeyConstraint(
            ["block_id", "asset_id"],
            ["room_block.id", "room_block.asset_id"],
            name=op.f("fk_room_occupancy_block_id_asset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["room_id", "asset_id"], ["room.unit_id", "room.asset_id"], name=op.f("fk_room_occupancy_room_id_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["stay_id", "asset_id"], ["stay.id", "stay.asset_id"], name=op.f("fk_room_occupancy_stay_id_asset_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_occupancy")),
    )
    op.create_index(
        "ix_room_occupancy_during", "room_occupancy", ["asset_id", "during"], unique=False, postgresql_using="gist"
    )
    op.create_index("ix_room_occupancy_stay_id", "room_occupancy", ["stay_id"], unique=False)


def downgrade() -> None:
    op.drop_table("room_occupancy")
    op.drop_table("waitlist")
    op.drop_table("stay_step")
    op.drop_table("stay_guest")
    op.drop_table("stay_night")
    op.drop_table("stay")
    op.drop_table("reservation")
    op.drop_table("allotment")
    op.drop_table("booking_group")
    op.drop_table("guest_profile")
    op.drop_constraint(op.f("ck_access_grant_kind_known"), "access_grant", type_="check")
    op.execute("update access_grant set kind = 'direct' where kind = 'stay'")
    op.create_check_constraint(op.f("ck_access_grant_kind_known"), "access_grant", "kind in ('paid', 'direct')")
    op.drop_constraint(op.f("ck_customer_not_into_itself"), "customer", type_="check")
    op.drop_constraint(op.f("ck_customer_kind_known"), "customer", type_="check")
    op.drop_constraint(op.f("fk_customer_merged_into_id"), "customer", type_="foreignkey")
    op.drop_column("customer", "anonymised_at")
    op.drop_column("customer", "merged_into_id")
    op.drop_column("customer", "kind")
