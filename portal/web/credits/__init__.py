"""The cashback pool."""
