"""The networks against attacks give what their authors' give."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from gate.errors import ModelError
from gate.models.convert import minifasnet
from gate.models.convert import torch_reader as torch_file
from gate.recognition.runtime import Network

MODELS = Path(os.environ.get("GATE_MODELS_DIR", ""))
needs_models = pytest.mark.skipif(
    not (MODELS / "2.7_80x80_MiniFASNetV2.pth").is_file(), reason="GATE_MODELS_DIR is unset"
)
NOISE = np.random.default_rng(0).uniform(0, 255, (1, 3, 80, 80)).astype(np.float32)


def network(name: str) -> Network:
    return Network(minifasnet.to_onnx((MODELS / name).read_bytes(), {}))


@pytest.mark.data
@needs_models
def test_v2_equals_somebody_elses_conversion() -> None:
    theirs = onnxruntime.InferenceSession(str(MODELS / "2.7_80x80_MiniFASNetV2.onnx"))
    (expected,) = theirs.run(None, {theirs.get_inputs()[0].name: NOISE})
    ours = network("2.7_80x80_MiniFASNetV2.pth").run(NOISE)
    np.testing.assert_allclose(ours, expected, atol=1e-4)


@pytest.mark.data
@needs_models
def test_v1se_equals_pytorch() -> None:
    # computed once by PyTorch 2.15 from the same file and the same noise
    expected = [[-1.3051906, 4.686714, -3.383675]]
    ours = network("4_0_0_80x80_MiniFASNetV1SE.pth").run(NOISE)
    np.testing.assert_allclose(ours, expected, atol=1e-4)


def test_another_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_file, "read", lambda data: {"fc.weight": np.zeros((2, 2))})
    with pytest.raises(ModelError, match="not a MiniFASNet"):
        minifasnet.to_onnx(b"", {})
