"""Reading the fleet: where everything is, where it was, and what the fold goes on from."""
