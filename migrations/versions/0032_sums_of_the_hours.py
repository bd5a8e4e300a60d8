"""Hours whose sums are to be made, how a switch stood when an hour ended, and letting go of a month that is summed."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reading_hour_due",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "unit_id", name=op.f("pk_reading_hour_due")),
    )
    op.add_column("reading_hour", sa.Column("ends_on", sa.Boolean(), nullable=True))
    op.execute(
        """
        create function drop_event_partition(month date) returns bigint language plpgsql
        security definer set search_path = public as $$
        declare
          first date := date_trunc('month', month);
          part text := format('asset_event_p%s', to_char(date_trunc('month', month), 'YYYY_MM'));
          ends timestamptz := (date_trunc('month', month) + interval '1 month')::timestamp at time zone 'UTC';
          events bigint; unsummed bigint;
        begin
          if ends > clock_timestamp() - interval '3 months' then
            raise exception 'the events of % are too young to be let go of', first using errcode = 'check_violation';
          end if;
          if to_regclass(part) is null then
            return null;
          end if;
          execute format(
            'select coalesce(sum(e.said), 0), count(*) filter (where h.said is distinct from e.said)'
            ' from (select unit_id, kind, date_trunc(''hour'', at, ''UTC'') as hour, count(*) as said'
            '       from %I group by 1, 2, 3) e'
            ' left join reading_hour h using (unit_id, kind, hour)', part) into events, unsummed;
          if unsummed > 0 then
            raise exception 'hours of % are not summed yet', first using errcode = 'check_violation';
          end if;
          execute format('drop table %I', part);
          return events;
        end $$
        """
    )


def downgrade() -> None:
    op.execute("drop function drop_event_partition(date)")
    op.drop_column("reading_hour", "ends_on")
    op.drop_table("reading_hour_due")
