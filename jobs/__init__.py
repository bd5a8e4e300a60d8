"""Clockwork: what happens by itself, when, and by which process."""
