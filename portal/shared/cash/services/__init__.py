"""Drawers and tenders."""
