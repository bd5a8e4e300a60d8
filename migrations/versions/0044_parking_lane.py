"""A guest in house may be without a room for a moment: in the parking lane, or while two rooms are swapped."""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_stay_in_a_room"), "stay", type_="check")


def downgrade() -> None:
    op.execute(
        "update stay set status = 'confirmed', version = version + 1 where status = 'in_house' and room_id is null"
    )
    op.create_check_constraint(op.f("ck_stay_in_a_room"), "stay", "status <> 'in_house' or room_id is not null")
