"""Events in monthly partitions, latest readings, commands, dead letters, the replay log."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dead_letter",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("sha", sa.LargeBinary(), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_dead_letter_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letter")),
        sa.UniqueConstraint("sha", name=op.f("uq_dead_letter_sha")),
    )
    op.create_index("ix_dead_letter_last_at", "dead_letter", ["last_at", "id"], unique=False)
    op.create_index("ix_dead_letter_asset_id", "dead_letter", ["asset_id", "last_at", "id"], unique=False)
    op.create_table(
        "replay_page",
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("upto", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("session", "upto", name=op.f("pk_replay_page")),
    )
    op.create_table(
        "asset_event",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column(
            "received_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_asset_event_unit_id")),
        sa.PrimaryKeyConstraint("id", "at", name=op.f("pk_asset_event")),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_asset_event_asset_id", "asset_event", ["asset_id", "at", "id"], unique=False)
    op.create_index("ix_asset_event_unit_id", "asset_event", ["unit_id", "at", "id"], unique=False)
    op.create_table(
        "device_command",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        sa.Column("idem_key", sa.Text(), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("grant_id", sa.UUID(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "status in ('queued', 'sent', 'accepted', 'done', 'failed', 'rejected', 'expired', 'superseded', 'cancelled')",
            name=op.f("ck_device_command_status_known"),
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_device_command_asset_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_device_command_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_command")),
        sa.UniqueConstraint("unit_id", "idem_key", name=op.f("uq_device_command_unit_id_idem_key")),
        sa.UniqueConstraint("unit_id", "seq", name=op.f("uq_device_command_unit_id_seq")),
    )
    op.create_index("ix_device_command_asset_id", "device_command", ["asset_id", "id"], unique=False)
    op.create_index(
        "ix_device_command_due",
        "device_command",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status in ('queued', 'sent', 'accepted')"),
    )
    op.create_index(
        "uq_device_command_one_open",
        "device_command",
        ["unit_id", "capability"],
        unique=True,
        postgresql_where=sa.text("status in ('queued', 'sent', 'accepted')"),
    )
    op.create_table(
        "latest_reading",
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_latest_reading_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", "kind", name=op.f("pk_latest_reading")),
    )

    op.execute("create table asset_event_default partition of asset_event default")
    op.execute(
        """
        create function make_event_partitions(since date, months int) returns int language plpgsql
        security definer set search_path = public as $$
        declare first date; made int := 0;
        begin
          for n in 0 .. months loop
            first := date_trunc('month', since) + make_interval(months => n);
            if to_regclass(format('asset_event_p%s', to_char(first, 'YYYY_MM'))) is null then
              execute format(
                'create table asset_event_p%s partition of asset_event for values from (%L) to (%L)',
                to_char(first, 'YYYY_MM'), first::timestamp at time zone 'UTC',
                (first + interval '1 month')::timestamp at time zone 'UTC');
              made := made + 1;
            end if;
          end loop;
          return made;
        end $$
        """
    )
    op.execute("select make_event_partitions((now() - interval '2 months')::date, 5)")
    op.execute(
        "create trigger asset_event_append_only before update or delete on asset_event"
        " for each row execute function forbid_change()"
    )
    op.execute(
        "create trigger asset_event_no_truncate before truncate on asset_event"
        " for each statement execute function forbid_change()"
    )


def downgrade() -> None:
    op.drop_table("latest_reading")
    op.drop_index(
        "uq_device_command_one_open",
        table_name="device_command",
        postgresql_where=sa.text("status in ('queued', 'sent', 'accepted')"),
    )
    op.drop_index(
        "ix_device_command_due",
        table_name="device_command",
        postgresql_where=sa.text("status in ('queued', 'sent', 'accepted')"),
    )
    op.drop_index("ix_device_command_asset_id", table_name="device_command")
    op.drop_table("device_command")
    op.drop_index("ix_asset_event_unit_id", table_name="asset_event")
    op.drop_index("ix_asset_event_asset_id", table_name="asset_event")
    op.drop_table("asset_event")
    op.drop_table("replay_page")
    op.drop_index("ix_dead_letter_asset_id", table_name="dead_letter")
    op.drop_index("ix_dead_letter_last_at", table_name="dead_letter")
    op.drop_table("dead_letter")
    op.execute("drop function make_event_partitions(date, int)")
