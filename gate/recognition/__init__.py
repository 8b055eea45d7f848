"""Faces in, sightings out: the numeric core. Imports no driver, no database and no clock."""
