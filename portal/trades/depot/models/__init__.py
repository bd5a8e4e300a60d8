"""Depots, meters and sales."""
