"""What a hotel sells: types, rooms, and the calendar every booking locks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "property",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("checkin_minute", sa.BigInteger(), server_default=sa.text("900"), nullable=False),
        sa.Column("checkout_minute", sa.BigInteger(), server_default=sa.text("660"), nullable=False),
        sa.Column("close_after_minute", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("hold_minutes", sa.BigInteger(), server_default=sa.text("15"), nullable=False),
        sa.Column("balance_limit", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("discount_limit_ppm", sa.BigInteger(), server_default=sa.text("100000"), nullable=False),
        sa.Column("card_fields", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("door_mode", sa.Text(), server_default=sa.text("'rolling'"), nullable=False),
        sa.Column("auto_no_show", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("early_fee_ppm", sa.BigInteger(), server_default=sa.text("500000"), nullable=False),
        sa.Column("late_fee_ppm", sa.BigInteger(), server_default=sa.text("500000"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("door_mode in ('until_checkout', 'rolling')", name=op.f("ck_property_door_mode_known")),
        sa.CheckConstraint("balance_limit >= 0", name=op.f("ck_property_balance_limit_positive")),
        sa.CheckConstraint(
            "checkin_minute between 0 and 1439 and checkout_minute between 0 and 1439",
            name=op.f("ck_property_times_of_day"),
        ),
        sa.CheckConstraint("checkout_minute <= checkin_minute", name=op.f("ck_property_out_before_in")),
        sa.CheckConstraint("close_after_minute between 0 and 1439", name=op.f("ck_property_close_time_of_day")),
        sa.CheckConstraint("discount_limit_ppm between 0 and 1000000", name=op.f("ck_property_discount_limit_share")),
        sa.CheckConstraint("hold_minutes between 1 and 43200", name=op.f("ck_property_hold_sensible")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_property_asset_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_property")),
    )
    op.create_table(
        "business_day",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("totals", postgresql.JSONB(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("(state = 'closed') = (closed_at is not null)", name=op.f("ck_business_day_closed_when")),
        sa.CheckConstraint("state in ('open', 'closed')", name=op.f("ck_business_day_state_known")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_business_day_asset_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_day")),
        sa.UniqueConstraint("asset_id", "day", name=op.f("uq_business_day_asset_id_day")),
    )
    op.create_index(
        "uq_business_day_open", "business_day", ["asset_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_table(
        "hotel_tax",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rate_ppm", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("inclusive", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("applies_to", sa.Text(), server_default=sa.text("'room'"), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("(kind <> 'percent') = (amount is not null)", name=op.f("ck_hotel_tax_amount_of_the_rest")),
        sa.CheckConstraint("(kind = 'percent') = (rate_ppm is not null)", name=op.f("ck_hotel_tax_rate_of_percent")),
        sa.CheckConstraint("applies_to in ('room', 'all')", name=op.f("ck_hotel_tax_applies_to_known")),
        sa.CheckConstraint("kind in ('percent', 'per_night', 'per_person')", name=op.f("ck_hotel_tax_kind_known")),
        sa.CheckConstraint(
            "coalesce(rate_ppm, 0) >= 0 and coalesce(amount, 0) >= 0", name=op.f("ck_hotel_tax_not_negative")
        ),
        sa.CheckConstraint("until_on is null or until_on > from_on", name=op.f("ck_hotel_tax_dates_in_order")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_hotel_tax_asset_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hotel_tax")),
    )
    op.create_index("ix_hotel_tax_asset_id", "hotel_tax", ["asset_id", "from_on"], unique=False)
    op.create_table(
        "room_type",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=False),
        sa.Column("adults", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("place", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("overbook_limit", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("ical_token", sa.Text(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "capacity between 1 and 100 and adults between 1 and capacity", name=op.f("ck_room_type_people")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_room_type_asset_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_type")),
        sa.UniqueConstraint("asset_id", "code", name=op.f("uq_room_type_asset_id_code")),
        sa.UniqueConstraint("ical_token", name=op.f("uq_room_type_ical_token")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_room_type_id_asset_id")),
    )
    op.create_table(
        "room_type_part",
        sa.Column("room_type_id", sa.UUID(), nullable=False),
        sa.Column("part_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("count > 0 and room_type_id <> part_id", name=op.f("ck_room_type_part_parts_are_others")),
        sa.ForeignKeyConstraint(
            ["part_id", "asset_id"],
            ["room_type.id", "room_type.asset_id"],
            name=op.f("fk_room_type_part_part_id_asset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["room_type_id", "asset_id"],
            ["room_type.id", "room_type.asset_id"],
            name=op.f("fk_room_type_part_room_type_id_asset_id"),
        ),
        sa.PrimaryKeyConstraint("room_type_id", "part_id", name=op.f("pk_room_type_part")),
    )
    op.create_table(
        "room",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("room_type_id", sa.UUID(), nullable=False),
        sa.Column("parent_id", sa.UUID(), nullable=True),
        sa.Column("floor", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'clean'"), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("status in ('dirty', 'cleaning', 'clean', 'inspected')", name=op.f("ck_room_status_known")),
        sa.CheckConstraint("parent_id <> unit_id", name=op.f("ck_room_not_its_own_part")),
        sa.ForeignKeyConstraint(
            ["parent_id", "asset_id"], ["room.unit_id", "room.asset_id"], name=op.f("fk_room_parent_id_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["room_type_id", "asset_id"],
            ["room_type.id", "room_type.asset_id"],
            name=op.f("fk_room_room_type_id_asset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "asset_id"],
            ["unit.id", "unit.asset_id"],
            name=op.f("fk_room_unit_id_asset_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_room")),
        sa.UniqueConstraint("unit_id", "asset_id", name=op.f("uq_room_unit_id_asset_id")),
    )
    op.create_index("ix_room_asset_id", "room", ["asset_id", "room_type_id"], unique=False)
    op.create_table(
        "inventory_calendar",
        sa.Column("room_type_id", sa.UUID(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("out_of_order", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("booked", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("held", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("overbook_limit", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("forced", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "booked + held <= total - out_of_order + overbook_limit + forced",
            name=op.f("ck_inventory_calendar_not_oversold"),
        ),
        sa.CheckConstraint(
            "overbook_limit >= 0 and forced >= 0", name=op.f("ck_inventory_calendar_limits_not_negative")
        ),
        sa.CheckConstraint(
            "total >= 0 and out_of_order >= 0 and booked >= 0 and held >= 0",
            name=op.f("ck_inventory_calendar_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["room_type_id"], ["room_type.id"], name=op.f("fk_inventory_calendar_room_type_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_type_id", "night", name=op.f("pk_inventory_calendar")),
    )
    op.create_table(
        "inventory_event",
        sa.Column("room_type_id", sa.UUID(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("delta", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.UUID(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "kind in ('booked', 'held', 'total', 'out_of_order', 'forced', 'overbook_limit')",
            name=op.f("ck_inventory_event_kind_known"),
        ),
        sa.ForeignKeyConstraint(["room_type_id"], ["room_type.id"], name=op.f("fk_inventory_event_room_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_event")),
        sa.UniqueConstraint(
            "correlation_id",
            "room_type_id",
            "night",
            "kind",
            name=op.f("uq_inventory_event_correlation_id_room_type_id_night_kind"),
        ),
    )
    op.create_index("ix_inventory_event_room_type_id", "inventory_event", ["room_type_id", "night", "id"], unique=False)
    op.create_table(
        "room_block",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("room_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "kind in ('out_of_order', 'out_of_service', 'house_use')", name=op.f("ck_room_block_kind_known")
        ),
        sa.CheckConstraint("until_on > from_on", name=op.f("ck_room_block_dates_in_order")),
        sa.ForeignKeyConstraint(
            ["room_id", "asset_id"], ["room.unit_id", "room.asset_id"], name=op.f("fk_room_block_room_id_asset_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_block")),
        sa.UniqueConstraint("id", "asset_id", name=op.f("uq_room_block_id_asset_id")),
    )
    op.create_index(
        "ix_room_block_asset_id",
        "room_block",
        ["asset_id", "until_on"],
        unique=False,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index("ix_room_block_room_id", "room_block", ["room_id", "from_on"], unique=False)
    op.execute(
        "create trigger inventory_event_append_only before update or delete on inventory_event"
        " for each row execute function forbid_change()"
    )
    _take_in_what_is_there()


def downgrade() -> None:
    op.drop_table("room_block")
    op.drop_table("inventory_event")
    op.drop_table("inventory_calendar")
    op.drop_table("room")
    op.drop_table("room_type_part")
    op.drop_table("room_type")
    op.drop_table("hotel_tax")
    op.drop_table("business_day")
    op.drop_table("property")


def _take_in_what_is_there() -> None:
    """Places that are hotels get their settings and an open day, and their rooms a type each by its words."""
    op.execute("insert into property (asset_id) select id from asset where kind = 'hotel'")
    op.execute(
        "update asset set business_date = (now() at time zone timezone)::date"
        " where kind = 'hotel' and business_date is null"
    )
    op.execute(
        "insert into business_day (id, asset_id, day)"
        " select gen_random_uuid(), id, business_date from asset where kind = 'hotel'"
    )
    op.execute(
        """
        insert into room_type (id, asset_id, code, name, capacity, adults, place)
        select gen_random_uuid(), asset_id, 'T' || row_number() over (partition by asset_id order by name),
            name, 2, 2, row_number() over (partition by asset_id order by name)
        from (select distinct u.asset_id, coalesce(nullif(trim(u.room_type), ''), 'Room') as name
              from unit u join asset a on a.id = u.asset_id
              where a.kind = 'hotel' and u.kind = 'room' and u.status <> 'retired') as named
        """
    )
    op.execute(
        """
        insert into room (unit_id, asset_id, room_type_id)
        select u.id, u.asset_id, t.id from unit u
        join room_type t on t.asset_id = u.asset_id and t.name = coalesce(nullif(trim(u.room_type), ''), 'Room')
        where u.kind = 'room' and u.status <> 'retired'
        """
    )
