"""Accounts, entries, postings: balanced by the database, never edited, each traced to its business fact."""
