"""Simulated locks, sensors and trackers for any broker: real MQTT clients, real faults, the same story for one seed."""
