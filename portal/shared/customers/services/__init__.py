"""Customers and contracts."""
