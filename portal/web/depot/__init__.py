"""The gas depot."""
