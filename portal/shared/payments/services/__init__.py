"""Intents, settlement, refunds, transfers."""
