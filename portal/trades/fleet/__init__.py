"""Vehicles, trips, where they are."""
