"""What a hub and its boxes must agree on: pairing proofs, sealing, signed orders, records."""
