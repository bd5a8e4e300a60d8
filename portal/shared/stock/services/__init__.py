"""Everything that moves stock."""
