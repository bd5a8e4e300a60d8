"""The fleet desk: the live map beside the list, vehicles, trips, fences, drivers and maintenance."""
