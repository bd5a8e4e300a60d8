"""Gas by the cylinder and by the meter."""
