"""The hub: one register for many gates. Boxes follow it; nothing here opens a door by itself."""
