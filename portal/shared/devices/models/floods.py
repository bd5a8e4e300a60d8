"""What one speaker may leave behind in a day, and what waits because it said too much at once."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, Identity, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model

#: So many different refused messages of one speaker are kept of a day; the others are counted.
MOST_A_DAY = 500
#: And of all who name no place or device of ours, together.
MOST_OF_STRANGERS = 5_000


class LetterTally(Model):
    """How many different messages of one speaker were refused on a day; only the first so many are kept whole."""

    __tablename__ = "letter_tally"
    __table_args__ = (Index("ix_letter_tally_asset_id", "asset_id", "day"),)

    #: `v1/<device>`, `rooms/<place>/<room>`, or nothing for all who name no place of ours.
    speaker: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("asset.id"))
    came: Mapped[int]


class WaitingPage(Model):
    """Messages of one speaker that wait their turn, a page a batch, in the order they came."""

    __tablename__ = "waiting_page"
    __table_args__ = (Index("ix_waiting_page_speaker", "speaker", "id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    speaker: Mapped[str]
    came_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    count: Mapped[int]
    messages: Mapped[bytes] = mapped_column(LargeBinary)
