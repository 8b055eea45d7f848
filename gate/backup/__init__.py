"""Backups: everything a box needs to live again, in one sealed file."""
