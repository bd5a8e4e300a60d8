"""Granting, extending, revoking, expiring."""
