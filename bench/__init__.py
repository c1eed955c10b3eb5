"""Benchmarks: what the product costs beside the bare database, in one run."""
