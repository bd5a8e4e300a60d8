"""The live board and map of a fleet."""
