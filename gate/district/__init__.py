"""A district on one machine: real hub, replicas and databases, no cameras; a script of faults."""
