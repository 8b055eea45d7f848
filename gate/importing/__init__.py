"""Many people at once: a table and photographs, checked first, then run, resumable at any line."""
