"""The small JSON door, /api."""
