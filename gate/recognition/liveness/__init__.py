"""Whether a living face is before the camera: networks, and cues of movement."""
