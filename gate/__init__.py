"""A face-recognition access-gate controller."""

__version__ = "0.2.0"
