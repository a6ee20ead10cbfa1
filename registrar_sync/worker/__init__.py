"""Runs on several machines: a worker on each, joined by the journal's PostgreSQL. See docs/operations.md."""
