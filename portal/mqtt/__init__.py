"""The device door."""
