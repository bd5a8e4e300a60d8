"""Pages for people: the table of blueprints and prefixes."""
