"""Reading how the hotel stands, and locking what a command will change."""
