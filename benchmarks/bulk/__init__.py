"""Benchmarks of issue 6: the same job on many zones, by this package and by others, and what it does to the zones."""
