"""Events: their form, their types, and what is removed from them."""
