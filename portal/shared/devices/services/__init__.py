"""Telemetry in, commands out."""
