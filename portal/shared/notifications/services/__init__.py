"""Raising and delivering notices."""
