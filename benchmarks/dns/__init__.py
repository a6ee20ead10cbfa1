"""How fast the DNS is asked and watched: ``python -m benchmarks.dns`` (docs/benchmarks.md). Everything stands on loopback."""
