"""Which encoder is taken: the one named, the best installed, or that of the gallery."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gate.errors import ModelError
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.recognition.encoders import build_encoder
from gate.recognition.encoders.build import AUTOMATIC, _Parts, automatic
from gate.recognition.encoders.faceplugin import Faceplugin
from gate.recognition.encoders.retail_0095 import Retail0095
from gate.recognition.settings import RecognitionSettings


@pytest.fixture
def models() -> ModelsSettings:
    settings = ModelsSettings()
    if any(find(name, settings) is None for name in ("retail-0095", "faceplugin", "yunet")):
        pytest.skip("models are not installed: set GATE_MODELS_DIR")
    return settings


def name_of(models: ModelsSettings, encoder: str = "auto", enrolled: str = "") -> str:
    return build_encoder(RecognitionSettings(encoder=encoder), models, enrolled).name


def test_an_empty_gallery_begins_with_the_best_installed(models: ModelsSettings) -> None:
    assert automatic(models) == "retail-0095+faceplugin"
    assert name_of(models).startswith("retail-0095+faceplugin/1-")


@pytest.mark.parametrize("enrolled", ["retail-0095/2", "faceplugin/1", "dlib/1"])
def test_a_gallery_goes_on_with_the_encoder_and_cut_it_was_enrolled_with(
    models: ModelsSettings, enrolled: str
) -> None:
    assert name_of(models, enrolled=enrolled) == enrolled


def test_a_name_that_nothing_installed_makes_is_no_reason_to_fail(models: ModelsSettings) -> None:
    assert name_of(models, enrolled="retail-0095/1") == name_of(models)


def test_a_named_encoder_keeps_its_older_cut_too(models: ModelsSettings) -> None:
    assert name_of(models, "retail-0095").startswith("retail-0095/2-")
    assert name_of(models, "retail-0095", enrolled="retail-0095/2") == "retail-0095/2"
    assert name_of(models, "retail-0095", enrolled="faceplugin/1").startswith("retail-0095/2-")


def test_side_by_side_each_network_keeps_to_one_core(models: ModelsSettings) -> None:
    parts = _Parts(RecognitionSettings(), models, None)
    for retail, threads in ((parts.both()._encoders[0], 1), (parts.retail(), 0)):
        assert isinstance(retail, Retail0095)
        options = retail._network._session.get_session_options()
        assert options.intra_op_num_threads == threads


def test_models_of_unstated_training_can_be_excluded(models: ModelsSettings) -> None:
    stated = ModelsSettings(provenance="stated")
    assert find("faceplugin", stated) is None
    assert find("faceplugin-liveness", stated) is None
    assert automatic(stated) == "retail-0095"
    with pytest.raises(ModelError, match="faceplugin"):
        name_of(stated, "faceplugin")


def test_without_any_file_dlib_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    nowhere = ModelsSettings(folder=tmp_path)
    assert automatic(nowhere) == "dlib" == list(AUTOMATIC)[-1]
    for name in ("retail-0095+faceplugin", "faceplugin"):
        with pytest.raises(ModelError, match="are not installed"):
            name_of(nowhere, name)


def test_a_file_that_is_not_faceplugins_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "fr_feature.onnx"
    with pytest.raises(ModelError, match="cannot be read"):
        Faceplugin(file)
    file.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="not a model that ONNX Runtime can run"):
        Faceplugin(file)


def test_faceplugins_mirror_image_has_the_same_vector(models: ModelsSettings) -> None:
    file = find("faceplugin", models)
    assert file is not None
    encoder = Faceplugin(file, threads=1)
    crops = np.random.default_rng(0).integers(0, 255, (2, 112, 112, 3)).astype(np.uint8)
    rows = encoder.encode(crops)
    assert rows.shape == (2, encoder.dimension)
    assert np.allclose(rows, encoder.encode(crops[:, :, ::-1]), atol=1e-4)
