"""Pieces of furniture: models from a pack, or simple shapes; each centred at the origin."""
