"""A face-recognition access-gate controller."""

import os

__version__ = "0.2.0"

# ONNX Runtime from 1.29 on reports to its makers on Linux unless that is switched off before it is
# loaded: a thread, an identifier of the machine and a database in the home folder. What a gate
# does is nobody's business.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
