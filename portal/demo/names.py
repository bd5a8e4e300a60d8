"""Names for guests and drivers."""

from __future__ import annotations

import random

FIRST = (
    "Ngozi", "Emeka", "Yusuf", "Aisha", "Tunde", "Bisi", "Kelechi", "Zainab", "Segun", "Amina", "Brian", "Njeri",
    "Achieng", "Mwangi", "Fatuma", "Kevin", "Wairimu", "Juma", "Salma", "Peter", "Ruth", "Daniel", "Esther", "Samuel",
)  # fmt: skip
LAST = (
    "Adebayo", "Obi", "Bello", "Lawal", "Okonkwo", "Balogun", "Danjuma", "Uche", "Njoroge", "Wambui", "Otieno",
    "Mutua", "Kariuki", "Abdi", "Chebet", "Omondi", "Kimani", "Hassan", "Maina", "Nyambura",
)  # fmt: skip


def guest(chance: random.Random) -> str:
    """Somebody's name."""
    return f"{chance.choice(FIRST)} {chance.choice(LAST)}"
