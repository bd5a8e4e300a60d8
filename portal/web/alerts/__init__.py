"""What somebody should look at: the inbox of a place, its rules, and what each person is told."""
