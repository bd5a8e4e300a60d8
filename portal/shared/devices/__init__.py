"""Locks, meters, trackers: what they said, what they were told."""
