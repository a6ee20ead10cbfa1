"""Many domains: rosters read and checked, and each of their rows worked on inside its account's limits."""
