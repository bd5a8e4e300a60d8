"""Catalogue and sales."""
