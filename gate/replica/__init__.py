"""The box's side of a hub: the only part that knows of it. No decision ever waits for it."""
