"""The training loop and what it stands on: schedule, accumulation, records of the run."""
