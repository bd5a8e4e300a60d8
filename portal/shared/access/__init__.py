"""The right to use a unit for a time: pay, unlock, expire."""
