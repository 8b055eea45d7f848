"""Measurements: how fast, and how it fares with real recordings."""

import os

# as `gate run` does; see gate/cli.py. To be set before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
