"""Posting and closing."""
