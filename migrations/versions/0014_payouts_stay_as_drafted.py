"""What a second person approved cannot change afterwards, and nothing is sent that nobody approved."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

#: What was drafted is what is approved, sent and booked, for ever.
FIXED = (
    "asset_id, reference, provider, gateway_account_id, counter, recipient_name, recipient_kind, account_number,"
    " bank_code, amount, currency, requested_by"
)
STAYS = f"""
create function payout_stays() returns trigger language plpgsql as $$
begin
  if row({", ".join(f"old.{name.strip()}" for name in FIXED.split(","))})
     is distinct from row({", ".join(f"new.{name.strip()}" for name in FIXED.split(","))}) then
    raise exception 'payout % cannot be changed, only cancelled', old.id
      using errcode = '23514', constraint = 'payout_stays';
  end if;
  if old.approved_by is not null and new.approved_by is distinct from old.approved_by then
    raise exception 'payout % was approved by somebody else', old.id
      using errcode = '23514', constraint = 'payout_stays';
  end if;
  return new;
end $$
"""


def upgrade() -> None:
    op.add_column("payout", sa.Column("recipient_kind", sa.Text(), server_default=sa.text("'nuban'"), nullable=False))
    op.create_check_constraint(
        op.f("ck_payout_approved_and_reserved"),
        "payout",
        "status in ('draft', 'cancelled') or (approved_by is not null and reserve_entry_id is not null)",
    )
    op.execute(STAYS)
    op.execute("create trigger payout_stays before update on payout for each row execute function payout_stays()")


def downgrade() -> None:
    op.execute("drop trigger payout_stays on payout")
    op.execute("drop function payout_stays()")
    op.drop_constraint(op.f("ck_payout_approved_and_reserved"), "payout", type_="check")
    op.drop_column("payout", "recipient_kind")
