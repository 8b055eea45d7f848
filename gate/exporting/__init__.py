"""Passages, people and device states to somebody else's platform, in its format."""
