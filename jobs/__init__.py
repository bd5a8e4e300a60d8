"""Clockwork."""
