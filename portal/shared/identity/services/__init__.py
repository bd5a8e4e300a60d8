"""Accounts, memberships, sessions and tokens."""
