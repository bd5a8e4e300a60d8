"""Rooms sold by the night."""
