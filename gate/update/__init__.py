"""A new version of the software, and back by itself when it does not serve."""
