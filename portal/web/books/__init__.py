"""The ledger on screen."""
