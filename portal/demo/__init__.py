"""A lively demo business, and simulated devices that answer."""
