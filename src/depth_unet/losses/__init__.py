"""Training losses: each takes ``(prediction_m, target_m, valid)`` and returns a sum and a count."""
