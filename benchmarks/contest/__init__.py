"""The two sides of the throughput benchmark, each run in a process of its own."""
