"""Devices: the registry, a device's own page with its messages, gaps and console, labels, and scanning them."""
