"""Frames from cameras, recordings and streams, and whether their view is worth having.

Units:
    timeout: seconds
    now, captured, seen: monotonic seconds
    fps: frames a second
    width, height: pixels
"""
