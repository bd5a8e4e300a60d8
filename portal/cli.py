"""Flask commands for the operator's shell."""
