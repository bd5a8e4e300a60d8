"""The places (hotel, fleet, depot, shop) and their physical units; the tenant boundary."""
