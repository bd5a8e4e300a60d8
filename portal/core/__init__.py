"""The kernel: knows nothing of hotels, tills or trucks."""
