"""Accounts, entries, postings: balanced, never edited."""
