"""Rooms, rates, reservations, folios, housekeeping."""
