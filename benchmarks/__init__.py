"""Measurements: how fast, and how it fares with real recordings."""
