"""Faces in, sightings out: the numeric core. Imports no driver, no database and no clock.

Units:
    time, first_seen, last_seen, first_usable: monotonic seconds
    fpir, fnir, fmr: share of the comparisons or of the people, 0..1
    evidence, identity: nats, a log-likelihood ratio
    box: left, top, right, bottom in pixels
"""
