"""The gate as a reader of somebody else's controller."""
