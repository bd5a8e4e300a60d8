"""Users, roles per asset, permissions."""
