"""How fast the portal is beside the barest code that does the same work, in one run on one machine."""
