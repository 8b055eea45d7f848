"""What the gate tells the world, and what the world may tell the gate."""
