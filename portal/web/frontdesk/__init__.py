"""The hotel front desk."""
