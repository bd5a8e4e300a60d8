"""Rooms, rates, reservations, folios, housekeeping."""

from portal.trades.hotel.models.rooms import RoomSense, RoomWatch

__all__ = ["RoomSense", "RoomWatch"]
