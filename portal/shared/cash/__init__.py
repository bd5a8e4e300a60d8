"""Drawers and tenders, for till, depot and front desk alike."""
