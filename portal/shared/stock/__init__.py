"""Goods at places: shop shelves and depot yards."""
