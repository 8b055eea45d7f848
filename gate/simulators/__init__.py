"""Devices that exist only as bytes on a pseudo-terminal, for trials and for the tests."""
