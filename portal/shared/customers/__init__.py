"""Guests, shop customers, contract customers."""
