"""Plan, enrol, check, roll back, recover: one domain, ports only."""
