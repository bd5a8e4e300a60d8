"""The kernel: transactions, clocks, money, parsing; it knows nothing of hotels, tills or trucks."""
