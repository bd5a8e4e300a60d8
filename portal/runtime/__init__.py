"""Embedded PostgreSQL, Mosquitto and Redis, for run.py and the tests."""
