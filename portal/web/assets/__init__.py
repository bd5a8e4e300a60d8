"""Places, their units, controls and grants."""
