"""The cashback pool: claimed once, expiring, on the ledger."""
