"""People, roles, audit trail, jobs, devices and health."""
