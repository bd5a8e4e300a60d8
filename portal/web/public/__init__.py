"""Pages for people without an account: pay at the door, receipts, sandbox checkout."""
