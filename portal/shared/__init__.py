"""What every trade stands on, from the audit trail up to access grants and credits."""
