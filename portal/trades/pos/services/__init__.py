"""The verbs of the till."""
