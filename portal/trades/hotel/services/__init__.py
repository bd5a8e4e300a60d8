"""The verbs of the front desk."""
