"""Registering places and units."""
