"""What of a face can be measured, and when it is good enough to be compared."""
