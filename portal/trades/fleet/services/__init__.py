"""The verbs of the fleet."""
