"""The one table of who reacts to whom: payment purposes, tender kinds, event handlers."""
