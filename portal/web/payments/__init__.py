"""Payments, their lives, and the review queue."""
