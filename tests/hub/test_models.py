"""Model files on their way from the hub to a box without internet."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gate.config import from_hub
from gate.config.settings import load
from gate.hub.configurations import ALL, Configurations
from gate.hub.models import PIECE, Shelf
from gate.hub.rollout import Action
from gate.hub.rollouts import Rollouts
from gate.models import install
from gate.models.download import Limits
from gate.models.folder import find
from gate.models.settings import ModelsSettings
from gate.models.table import Model, ModelFile
from gate.replica.identity import Identity
from gate.replica.join import folder_of
from gate.replica.models import FromHub, fits
from tests.hub.fleet import Box, Fleet, Server
from tests.hub.test_rollouts import reported, started_again
from tests.waiting import wait_for

CONTENT = bytes(range(256)) * 10_000  # three pieces
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NEW = Model("newface", "encoder", "MIT", "", (ModelFile("new/face.onnx", len(CONTENT), SHA256),))
VERSION = '[models]\ninstall = ["newface"]\n'


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("gate.models.table", "gate.config.settings", "gate.hub.models"):
        monkeypatch.setattr(f"{place}.MODELS", (NEW,))


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """The file as it is installed at the hub."""
    path = tmp_path / "shelf" / NEW.files[0].path
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def stocked(fleet: Fleet, shelf: Path) -> Fleet:
    fleet.server.stop()
    fleet.server = Server(fleet.store, models=ModelsSettings(folder=shelf.parents[1]))
    return fleet


def joined(fleet: Fleet) -> tuple[Box, Path]:
    """A box with a configuration file of its own, and that file."""
    box = fleet.alone("north")
    fleet.join(box)
    config = box.data.parent / "north.toml"
    config.write_text(f'name = "north"\ndata = "{box.data}"\n[store]\nballast = 0\n')
    box.lacking = fits(config)
    box.start()
    wait_for(lambda: box.at >= 0)
    return box, config


def rolled_out(fleet: Fleet, box: Box) -> Rollouts:
    wait_for(lambda: reported(fleet, box))
    version = Configurations(fleet.store).add(ALL, VERSION, "clerk")
    rollouts = Rollouts(fleet.store)
    rollouts.start(version.id, "clerk", watch=0)
    return rollouts


def target(box: Box) -> Path:
    return from_hub.models_of(box.data) / NEW.files[0].path


@pytest.mark.slow
def test_a_box_fetches_the_models_of_a_configuration_before_it_uses_it(stocked: Fleet) -> None:
    box, config = joined(stocked)
    rollouts = rolled_out(stocked, box)
    started_again(box)  # asked for only once the model is there
    assert target(box).read_bytes() == CONTENT
    assert find("newface", load(config).models) == target(box)
    wait_for(lambda: (rollouts.step() or pytest.fail("it ended")).action is Action.DONE)
    # a version without it takes the model out of use, and the file may stay
    nothing = Configurations(stocked.store).add(ALL, "", "clerk")
    rollouts.start(nothing.id, "clerk", watch=0)
    started_again(box)
    assert find("newface", load(config).models) is None


@pytest.mark.slow
def test_a_model_that_the_hub_does_not_have_brings_the_roll_out_back(fleet: Fleet) -> None:
    box, config = joined(fleet)
    rollouts = rolled_out(fleet, box)
    wait_for(lambda: rollouts.step() is None)
    (ended,) = rollouts.all()
    assert ended.state == "returned"
    assert "face.onnx is neither installed here nor at the hub" in ended.why
    assert (box.restarts, find("newface", load(config).models)) == (0, None)


@pytest.mark.slow
def test_a_part_is_gone_on_with_and_a_wrong_one_is_fetched_once_more(stocked: Fleet) -> None:
    box, _ = joined(stocked)
    part = install.part_of(target(box), NEW.files[0])
    part.parent.mkdir(parents=True)
    part.write_bytes(b"\xff" * PIECE)  # as long as a first piece, and another file
    rolled_out(stocked, box)
    wait_for(lambda: box.restarts)
    assert target(box).read_bytes() == CONTENT
    assert not part.exists()


@pytest.mark.slow
def test_the_box_asks_its_hub_before_the_internet(
    stocked: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.models.install.download", None)  # calling it would fail
    box = stocked.box("north", start=False)
    identity = Identity.of(box.store, folder_of(box.data))
    assert identity is not None
    fetcher = install.Fetcher(tmp_path / "own", Limits(), FromHub(identity))
    seen: list[int] = []
    (new,) = fetcher.fetch(NEW, lambda file, done: seen.append(done))
    assert new.path.read_bytes() == CONTENT
    assert new.source == f"the hub {stocked.server.url}"
    assert seen == [PIECE, 2 * PIECE, len(CONTENT)]


def test_a_damaged_file_is_not_given(shelf: Path) -> None:
    hub = Shelf(ModelsSettings(folder=shelf.parents[1]))
    assert hub.piece(SHA256, len(CONTENT) - 3) == CONTENT[-3:]
    assert hub.piece(SHA256, len(CONTENT)) == b""
    assert hub.piece("0" * 64, 0) is None
    shelf.write_bytes(CONTENT[:-1] + b"x")
    assert hub.piece(SHA256, 0) is None
