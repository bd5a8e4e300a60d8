"""Issuing and voiding."""
