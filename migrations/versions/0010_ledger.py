"""The books: accounts, entries balanced at commit, postings nobody can change, months that close."""

import sqlalchemy as sa
from alembic import op

from portal.core.outbox import Xid8

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

APPEND_ONLY = ("ledger_entry", "ledger_posting")
NOW = sa.text("clock_timestamp()")

# A month that is being closed waits for the entries on their way into it, and they for it: a shared advisory
# lock a place, because a row lock that every entry shares would be written to the row each time.
ENTRY_BEGINS = """
create function ledger_entry_begins() returns trigger language plpgsql as $$
begin
  new.xact := pg_current_xact_id();
  perform pg_advisory_xact_lock_shared(hashtextextended('ledger period ' || new.asset_id, 0));
  if exists (select 1 from ledger_period where asset_id = new.asset_id and closed_at is not null
             and starts_on = date_trunc('month', new.booked_on)::date) then
    raise exception 'the books of % are closed', to_char(new.booked_on, 'YYYY-MM')
      using errcode = '23514', constraint = 'ledger_period_closed';
  end if;
  return new;
end $$
"""

# Runs with its owner's rights: the portal's own role may not write balances.
POSTING_BEGINS = """
create function ledger_posting_begins() returns trigger language plpgsql
security definer set search_path = public as $$
declare e record; a record; after bigint;
begin
  select xact, asset_id, booked_on into e from ledger_entry where id = new.entry_id;
  if e.xact is distinct from pg_current_xact_id() then
    raise exception 'entry % is committed: correct it by another entry', new.entry_id using errcode = '55000';
  end if;
  new.asset_id := e.asset_id;
  new.booked_on := e.booked_on;
  select c.code, c.kind, c.floor, c.closed_at, c.asset_id, (c.business_id = p.business_id) as ours into a
    from ledger_account c, asset p where c.id = new.account_id and p.id = e.asset_id;
  if not a.ours or a.asset_id <> e.asset_id then
    raise exception 'account % belongs to another place', a.code using errcode = '23514';
  end if;
  if a.closed_at is not null then
    raise exception 'account % is closed', a.code using errcode = '23514';
  end if;
  new.balance_after := null;
  if a.floor is null then return new; end if;
  insert into ledger_balance as b (account_id, balance) values (new.account_id, new.amount)
    on conflict (account_id) do update set balance = b.balance + excluded.balance returning balance into after;
  if (case when a.kind in ('asset', 'expense') then after else -after end) < a.floor
     and (case when a.kind in ('asset', 'expense') then new.amount else -new.amount end) < 0 then
    raise exception 'account % would fall below its floor', a.code
      using errcode = '23514', constraint = 'ledger_account_floor';
  end if;
  new.balance_after := after;
  return new;
end $$
"""

# Checked at commit, for an entry and for each of its legs: whoever makes the check come early and then adds
# a leg is met by that leg's own check.
BALANCED = """
create function ledger_entry_balanced() returns trigger language plpgsql as $$
declare which bigint; legs int; off bigint;
begin
  if tg_table_name = 'ledger_entry' then which := new.id; else which := new.entry_id; end if;
  select count(*), coalesce(sum(amount), 0) into legs, off from ledger_posting where entry_id = which;
  if legs < 2 or off <> 0 then
    raise exception 'entry % has % postings and is off by %', which, legs, off
      using errcode = '23514', constraint = 'ledger_entry_balanced';
  end if;
  return null;
end $$
"""

# What was paid before there were books, one entry a payment: what it bought, what stayed the payer's, what waits.
OLD_PAYMENTS = """
do $$
declare p record; e bigint; customer text; day date;
begin
  for p in
    select y.*, i.reference, i.payer_email, i.status as intent_status, i.settled_at, a.business_id, a.timezone
      from payment y join payment_intent i on i.id = y.intent_id join asset a on a.id = y.asset_id order by y.id
  loop
    insert into customer (id, business_id, name, email)
      values (gen_random_uuid(), p.business_id, p.payer_email, lower(p.payer_email))
      on conflict (business_id, email) do nothing;
    select id::text into customer from customer where business_id = p.business_id and email = lower(p.payer_email);
    day := (p.paid_at at time zone p.timezone)::date;
    insert into ledger_entry (fact, key, asset_id, currency, booked_on, occurred_at, subject, subject_id, actor)
      values (case when p.counted then 'payment.settled' else 'payment.held' end, 'payment:' || p.id, p.asset_id,
              p.currency, day, p.paid_at, 'payment', p.id, 'system:first books') returning id into e;
    perform pg_temp.leg(e, p, p.asset_id, '1100', 'Money at ' || initcap(p.provider), 'asset', p.provider, null,
                        p.amount - p.fee);
    perform pg_temp.leg(e, p, p.asset_id, '5000', 'Payment provider charges', 'expense', '', null, p.fee);
    if p.counted then
      perform pg_temp.leg(e, p, p.asset_id, '4000', 'Hire of rooms and vehicles', 'income', '', null,
                          p.remainder - p.amount);
      perform pg_temp.leg(e, p, null, '2000', 'Customer credit', 'liability', customer, 0, -p.remainder);
    else
      perform pg_temp.leg(e, p, p.asset_id, '2020', 'Held for a decision', 'liability', '', null, -p.amount);
    end if;
    if p.intent_status = 'refunded' then
      insert into ledger_entry (fact, key, asset_id, currency, booked_on, occurred_at, subject, subject_id, actor)
        values ('refund.processed', 'payment:' || p.id || ':sent back', p.asset_id, p.currency,
                (coalesce(p.refund_marked_at, p.paid_at) at time zone p.timezone)::date,
                coalesce(p.refund_marked_at, p.paid_at), 'payment', p.id, 'system:first books') returning id into e;
      perform pg_temp.leg(e, p, p.asset_id, '2020', 'Held for a decision', 'liability', '', null, p.amount);
      perform pg_temp.leg(e, p, p.asset_id, '1100', 'Money at ' || initcap(p.provider), 'asset', p.provider, null,
                          -p.amount);
    end if;
  end loop;
end $$
"""

LEG = """
create function pg_temp.leg(e bigint, p record, place uuid, number text, called text, sort text, whose text,
                            bound bigint, minor bigint) returns void language plpgsql as $$
declare a bigint;
begin
  if minor = 0 then return; end if;
  insert into ledger_account (business_id, asset_id, code, name, kind, currency, owner, floor)
    values (p.business_id, place, number, called, sort, p.currency, whose, bound)
    on conflict on constraint uq_ledger_account_natural do nothing;
  select id into a from ledger_account where business_id = p.business_id and asset_id is not distinct from place
    and code = number and currency = p.currency and owner = whose;
  insert into ledger_posting (entry_id, account_id, currency, amount) values (e, a, p.currency, minor);
end $$
"""


def upgrade() -> None:
    op.create_table(
        "customer",
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("user_id", sa.UUID(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_customer_email_lower")),
        sa.ForeignKeyConstraint(["business_id"], ["business.id"], name=op.f("fk_customer_business_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_customer_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("business_id", "email", name=op.f("uq_customer_business_id_email")),
        sa.UniqueConstraint("business_id", "phone", name=op.f("uq_customer_business_id_phone")),
    )
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "kind in ('asset', 'liability', 'equity', 'income', 'expense')", name=op.f("ck_ledger_account_kind_known")
        ),
        sa.CheckConstraint("code ~ '^[0-9]{4}$'", name=op.f("ck_ledger_account_code_form")),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_ledger_account_currency_iso")),
        sa.ForeignKeyConstraint(["business_id"], ["business.id"], name=op.f("fk_ledger_account_business_id")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_ledger_account_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("id", "currency", name=op.f("uq_ledger_account_id_currency")),
        sa.UniqueConstraint(
            "business_id",
            "asset_id",
            "code",
            "currency",
            "owner",
            name="uq_ledger_account_natural",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_ledger_account_asset_id", "ledger_account", ["asset_id"])
    op.create_table(
        "ledger_balance",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("balance", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["ledger_account.id"], name=op.f("fk_ledger_balance_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_ledger_balance")),
    )
    op.create_table(
        "ledger_period",
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "starts_on = date_trunc('month', starts_on)::date", name=op.f("ck_ledger_period_whole_months")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_ledger_period_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_period")),
        sa.UniqueConstraint("asset_id", "starts_on", name=op.f("uq_ledger_period_asset_id_starts_on")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.UUID(), nullable=True),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("memo", sa.Text(), nullable=True),
        sa.Column("xact", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_ledger_entry_currency_iso")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_ledger_entry_asset_id")),
        sa.ForeignKeyConstraint(["reverses"], ["ledger_entry.id"], name=op.f("fk_ledger_entry_reverses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("id", "currency", name=op.f("uq_ledger_entry_id_currency")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_entry_key")),
        sa.UniqueConstraint("reverses", name=op.f("uq_ledger_entry_reverses")),
    )
    op.create_index("ix_ledger_entry_asset_id", "ledger_entry", ["asset_id", "booked_on", "id"])
    op.create_index("ix_ledger_entry_subject", "ledger_entry", ["subject", "subject_id"])
    op.create_table(
        "ledger_posting",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.UUID(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_posting_amount_not_zero")),
        sa.ForeignKeyConstraint(
            ["account_id", "currency"],
            ["ledger_account.id", "ledger_account.currency"],
            name=op.f("fk_ledger_posting_account_id_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id", "currency"],
            ["ledger_entry.id", "ledger_entry.currency"],
            name=op.f("fk_ledger_posting_entry_id_currency"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_posting")),
    )
    op.create_index("ix_ledger_posting_entry_id", "ledger_posting", ["entry_id"])
    op.create_index("ix_ledger_posting_account_id", "ledger_posting", ["account_id", "booked_on", "id"])
    op.create_index("ix_ledger_posting_asset_id", "ledger_posting", ["asset_id", "booked_on"])
    for function in (ENTRY_BEGINS, POSTING_BEGINS, BALANCED):
        op.execute(function)
    op.execute(
        "create trigger ledger_entry_begins before insert on ledger_entry"
        " for each row execute function ledger_entry_begins()"
    )
    op.execute(
        "create trigger ledger_posting_begins before insert on ledger_posting"
        " for each row execute function ledger_posting_begins()"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"create constraint trigger {table}_balanced after insert on {table}"
            " deferrable initially deferred for each row execute function ledger_entry_balanced()"
        )
        op.execute(
            f"create trigger {table}_append_only before update or delete on {table}"
            " for each row execute function forbid_change()"
        )
        op.execute(
            f"create trigger {table}_no_truncate before truncate on {table}"
            " for each statement execute function forbid_change()"
        )
    op.execute(LEG)
    op.get_bind().exec_driver_sql(OLD_PAYMENTS)
    op.execute("drop function pg_temp.leg")


def downgrade() -> None:
    for table in ("ledger_posting", "ledger_entry", "ledger_period", "ledger_balance", "ledger_account", "customer"):
        op.drop_table(table)
    for function in ("ledger_entry_begins", "ledger_posting_begins", "ledger_entry_balanced"):
        op.execute(f"drop function {function}()")
