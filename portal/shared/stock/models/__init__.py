"""What the stock is made of."""
