"""The leaderboard of several evaluations."""
