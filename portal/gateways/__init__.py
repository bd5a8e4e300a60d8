"""The outside world, one adapter a file, each with a working stand-in."""
