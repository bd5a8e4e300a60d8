"""Pools and claims."""
