"""The four trades, strangers to one another."""
