"""Builds furniture packs from the Sweet Home 3D libraries; see docs/furniture_pack.md."""
