"""From the box in its carton to a gate that starts with the machine."""
