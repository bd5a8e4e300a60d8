"""The verbs of the depot."""
