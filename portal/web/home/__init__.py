"""The first page: what needs a person today, per place."""
