"""Models are fetched from servers that misbehave, and copied from folders that are wrong."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
from pathlib import Path

import pytest

from gate.errors import ModelError
from gate.models import ModelsSettings, find, folder, install, table
from gate.models.download import Limits, download
from gate.models.packages import package_source
from gate.models.table import Model, ModelFile
from tests.models.model_server import ModelServer

CONTENT = random.Random(1).randbytes(200_000)
LIMITS = Limits(silent=2.0, retries=1)


def offered(*addresses: str, content: bytes = CONTENT) -> Model:
    digest = hashlib.sha256(content).hexdigest()
    file = ModelFile("thing/thing.onnx", len(content), digest, addresses)
    return Model("thing", "encoder", "MIT", "tests", (file,))


def fetch(model: Model, into: Path, limits: Limits = LIMITS) -> list[Path]:
    return install.fetch(model, into, limits, lambda file, done: None)


def nothing_installed(into: Path, model: Model) -> bool:
    return folder.state_in(into, model) is folder.State.MISSING


def test_a_file_is_fetched_checked_and_put_in_its_place(tmp_path: Path) -> None:
    seen: list[int] = []
    with ModelServer(CONTENT).running() as server:
        model = offered(server.address)
        new = install.fetch(model, tmp_path, LIMITS, lambda file, done: seen.append(done))
    assert new == [tmp_path / "thing/thing.onnx"]
    assert new[0].read_bytes() == CONTENT
    assert seen[-1] == len(CONTENT)
    assert seen == sorted(seen)
    assert [p.name for p in new[0].parent.iterdir()] == ["thing.onnx"]


def test_a_whole_file_is_not_fetched_again(tmp_path: Path) -> None:
    with ModelServer(CONTENT).running() as server:
        model = offered(server.address)
        fetch(model, tmp_path)
        assert fetch(model, tmp_path) == []
        assert len(server.asked) == 1


def test_a_slow_server_is_waited_for_as_long_as_bytes_come(tmp_path: Path) -> None:
    with ModelServer(CONTENT[:20_000], pause=0.05).running() as server:
        model = offered(server.address, content=CONTENT[:20_000])
        assert len(fetch(model, tmp_path)) == 1


def test_a_server_that_falls_silent_is_given_up_and_the_part_kept(tmp_path: Path) -> None:
    with ModelServer(CONTENT, pause=30.0).running() as server:
        model = offered(server.address)
        with pytest.raises(ModelError, match="sent nothing") as caught:
            fetch(model, tmp_path, Limits(silent=2.0, retries=0))
    assert "goes on where it stopped" in str(caught.value)
    assert nothing_installed(tmp_path, model)
    part = install.part_of(tmp_path / "thing/thing.onnx", model.files[0])
    assert part.read_bytes() == CONTENT[:4096]


def test_a_deadline_ends_a_server_that_drips(tmp_path: Path) -> None:
    import time

    with ModelServer(CONTENT, pause=0.5).running() as server:
        model = offered(server.address)
        begun = time.monotonic()
        with pytest.raises(ModelError, match="time for fetching is over"):
            fetch(model, tmp_path, Limits(silent=2.0, deadline=begun + 0.3))
        assert time.monotonic() - begun < 10
    assert nothing_installed(tmp_path, model)


def test_a_second_run_resumes_where_the_connection_broke(tmp_path: Path) -> None:
    server = ModelServer(CONTENT, break_after=81_920)
    with server.running():
        model = offered(server.address)
        with pytest.raises(ModelError, match=r"81,920 of 200,000 bytes"):
            fetch(model, tmp_path, Limits(silent=2.0, retries=0))
        assert nothing_installed(tmp_path, model)
        server.break_after = None
        fetch(model, tmp_path)
    assert server.asked == ["", "bytes=81920-"]
    assert (tmp_path / "thing/thing.onnx").read_bytes() == CONTENT


def test_one_run_goes_on_after_a_break_by_itself(tmp_path: Path) -> None:
    server = ModelServer(CONTENT, break_after=81_920)
    with server.running():
        model = offered(server.address)

        def complete(file: ModelFile, done: int) -> None:
            if done >= 81_920:
                server.break_after = None

        install.fetch(model, tmp_path, LIMITS, complete)
    assert (tmp_path / "thing/thing.onnx").read_bytes() == CONTENT


def test_a_server_without_ranges_begins_again(tmp_path: Path) -> None:
    server = ModelServer(CONTENT, break_after=50_000, ranges=False)
    with server.running():
        model = offered(server.address)
        with pytest.raises(ModelError):
            fetch(model, tmp_path, Limits(silent=2.0, retries=0))
        server.break_after = None
        fetch(model, tmp_path)
    assert (tmp_path / "thing/thing.onnx").read_bytes() == CONTENT


def test_a_server_that_declares_another_size_is_refused_at_once(tmp_path: Path) -> None:
    with ModelServer(CONTENT, declare=9_999_999).running() as server:
        model = offered(server.address)
        with pytest.raises(ModelError, match="offers 9,999,999 bytes where 200,000 are due"):
            fetch(model, tmp_path)
    assert list(tmp_path.rglob("*.part")) == []


def test_a_server_that_sends_more_than_it_says_is_cut_off(tmp_path: Path) -> None:
    with ModelServer(CONTENT * 5, omit_length=True).running() as server:
        model = offered(server.address)
        with pytest.raises(ModelError, match="sends more than the 200,000 bytes"):
            fetch(model, tmp_path)
    assert nothing_installed(tmp_path, model)
    assert list(tmp_path.rglob("*.part")) == []


def test_another_file_of_the_same_size_is_thrown_away(tmp_path: Path) -> None:
    other = bytes(len(CONTENT))
    with ModelServer(other).running() as server:
        model = offered(server.address)
        with pytest.raises(ModelError, match="another file came"):
            fetch(model, tmp_path)
    assert nothing_installed(tmp_path, model)
    assert list(tmp_path.rglob("*.part")) == []


def test_a_damaged_part_is_found_by_the_hash_and_the_next_run_begins_again(tmp_path: Path) -> None:
    with ModelServer(CONTENT).running() as server:
        model = offered(server.address)
        target = tmp_path / "thing/thing.onnx"
        target.parent.mkdir(parents=True)
        install.part_of(target, model.files[0]).write_bytes(bytes(1000))
        with pytest.raises(ModelError, match="another file came"):
            fetch(model, tmp_path)
        fetch(model, tmp_path)
    assert target.read_bytes() == CONTENT


def test_the_second_address_is_tried_when_the_first_refuses(tmp_path: Path) -> None:
    with (
        ModelServer(CONTENT, status=404).running() as gone,
        ModelServer(CONTENT).running() as there,
    ):
        assert len(fetch(offered(gone.address, there.address), tmp_path)) == 1


def test_no_server_at_all_is_a_clear_message(tmp_path: Path) -> None:
    with ModelServer(CONTENT).running() as server:
        address = server.address
    with pytest.raises(ModelError, match="cannot be reached") as caught:
        fetch(offered(address), tmp_path)
    assert "--from" in caught.value.hint


def test_the_proxy_of_the_environment_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ModelServer(CONTENT).running() as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        fetch(offered("http://models.invalid/file"), tmp_path)
        assert len(proxy.asked) == 1


def test_two_fetches_of_one_file_do_not_mix(tmp_path: Path) -> None:
    with ModelServer(CONTENT, pause=0.01).running() as server:
        part = tmp_path / "one.part"

        def second(done: int) -> None:
            if 0 < done < len(CONTENT):
                with pytest.raises(ModelError, match="being fetched already"):
                    download(server.address, part, len(CONTENT), LIMITS, lambda _: None)

        download(server.address, part, len(CONTENT), LIMITS, second)
    assert part.read_bytes() == CONTENT


def test_models_are_copied_from_a_stick_with_folders_of_its_own(tmp_path: Path) -> None:
    stick, into = tmp_path / "stick/some/where", tmp_path / "models"
    stick.mkdir(parents=True)
    (stick / "thing.onnx").write_bytes(CONTENT)
    assert install.copy(offered(), tmp_path / "stick", into) == [into / "thing/thing.onnx"]
    assert folder.state_in(into, offered()) is folder.State.INSTALLED


@pytest.mark.parametrize("content", [CONTENT[:-1], bytes(len(CONTENT))])
def test_a_damaged_file_on_a_stick_is_not_copied(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick/thing.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="damaged or another file"):
        install.copy(offered(), tmp_path / "stick", tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_a_file_without_a_published_hash_keeps_the_one_it_was_installed_with(
    tmp_path: Path,
) -> None:
    taguchi = table.model("taguchi")
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / taguchi.files[0].name).write_bytes(CONTENT)
    (path,) = install.copy(taguchi, tmp_path / "stick", tmp_path / "models")
    settings = ModelsSettings(folder=tmp_path / "models")
    assert find("taguchi", settings) == path
    path.write_bytes(CONTENT[:-1])
    assert find("taguchi", settings) is None


def test_a_file_damaged_after_its_installation_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    model = offered()
    (tmp_path / "stick/thing.onnx").write_bytes(CONTENT)
    (path,) = install.copy(model, tmp_path / "stick", tmp_path)
    assert folder.state_in(tmp_path, model) is folder.State.INSTALLED
    path.write_bytes(CONTENT[:-1] + b"x")
    assert folder.state_in(tmp_path, model) is folder.State.DAMAGED


def test_a_model_of_two_files_needs_both(tmp_path: Path) -> None:
    model = table.model("retail-0095")
    path = tmp_path / model.files[0].path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    assert folder.state_in(tmp_path, model) is folder.State.DAMAGED
    shutil.rmtree(path.parent)
    assert folder.state_in(tmp_path, model) is folder.State.MISSING


def test_the_folder_of_the_environment_is_searched_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taguchi = table.model("taguchi")
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / taguchi.files[0].name).write_bytes(CONTENT)
    install.copy(taguchi, tmp_path / "stick", tmp_path / "elsewhere")
    settings = ModelsSettings(folder=tmp_path / "own")
    monkeypatch.delenv("GATE_MODELS_DIR", raising=False)
    assert find("taguchi", settings) is None
    monkeypatch.setenv("GATE_MODELS_DIR", str(tmp_path / "elsewhere"))
    assert find("taguchi", settings) == tmp_path / "elsewhere" / taguchi.files[0].name


def test_every_model_of_the_table_names_an_official_source_and_a_hash() -> None:
    for model in table.MODELS:
        assert model.licence in {"MIT", "Apache-2.0", "CC0"}
        for file in model.files:
            if file.sources:
                assert file.size
                assert file.sha256
                assert len(file.sha256) == 64
                assert all(
                    address.startswith("https://") or package_source(address) is not None
                    for address in file.sources
                )


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model called yunett") as caught:
        find("yunett", ModelsSettings(folder=tmp_path))
    assert "yunet" in caught.value.hint


@pytest.mark.data
@pytest.mark.skipif("GATE_MODELS_DIR" not in os.environ, reason="GATE_MODELS_DIR is unset")
def test_the_official_files_have_the_hashes_of_the_table(tmp_path: Path) -> None:
    settings = ModelsSettings(folder=tmp_path)
    there = Path(os.environ["GATE_MODELS_DIR"])
    looked_at = 0
    for model in table.MODELS:
        if model.files and all((there / file.path).is_file() for file in model.files):
            assert find(model.name, settings) is not None, model.name
            looked_at += 1
    assert looked_at
