"""What tests stand on: real services started once a run, and small helpers."""
