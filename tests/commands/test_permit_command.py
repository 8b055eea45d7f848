"""``gate permit``: from the register to paper and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gate.access.permit_keys import KeyFolder, own_key, private_key
from gate.commands.permit import permit
from gate.config.settings import load
from gate.errors import AccessError
from gate.services.permits import PermitBook
from gate.store.store import Store


@pytest.fixture
def config(tmp_path: Path) -> Path:
    config = tmp_path / "gate.toml"
    config.write_text(f'data = "{tmp_path}"\nname = "gate-1"\n[store]\nballast = 0\n')
    settings = load(config)
    with Store.open(settings.store, settings.data) as store:
        store.people.create("客人", kind="visitor")
    return config


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(permit, [*words, "--config", str(config)])


@pytest.mark.slow
def test_a_permit_is_printed_taken_and_withdrawn(config: Path, tmp_path: Path) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    from gate.access.permit_image import find_permit

    paper = tmp_path / "permit.pdf"
    answer = run(config, "issue", "客人", "--to", str(paper), "--uses", "2", "--gate", "gate-1")
    assert answer.exit_code == 0, answer.exception
    text = find_permit(pdfium.PdfDocument(paper)[0].render(scale=2).to_numpy()[:, :, :3])
    assert text is not None
    assert "good: permit" in run(config, "check", text).output
    assert "for 客人" in answer.output
    assert "there is a file" in str(run(config, "issue", "#1", "--to", str(paper)).exception)
    serial = answer.output.split()[1].rstrip(":")
    assert "withdrawn" in run(config, "revoke", serial, "--reason", "lost").output
    refused = run(config, "check", text).exception
    assert isinstance(refused, AccessError)
    assert refused.what == "Permit revoked"


@pytest.mark.slow
def test_the_paper_shows_the_time_of_the_site(
    config: Path, tmp_path: Path, zone_of_the_box: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    zones = []

    def drawn(*_: object, zone: tzinfo, **__: object) -> bytes:
        zones.append(datetime(2026, 1, 7, 4, tzinfo=UTC).astimezone(zone).hour)
        return b"%PDF"

    monkeypatch.setattr("gate.access.permit_print.permit_pdf", drawn)
    assert run(config, "issue", "客人", "--to", str(tmp_path / "1.pdf")).exit_code == 0
    config.write_text('timezone = "Asia/Shanghai"\n' + config.read_text())
    assert run(config, "issue", "客人", "--to", str(tmp_path / "2.pdf")).exit_code == 0
    assert zones == [4, 12]


@pytest.mark.slow
def test_mistakes_are_named(config: Path, tmp_path: Path) -> None:
    assert "there is nobody 9" in str(run(config, "issue", "9").exception)
    nowhere = run(config, "issue", "#1", "--to", str(tmp_path / "no" / "permit.pdf")).exception
    assert "cannot be written" in str(nowhere)
    assert "Permit unreadable" in str(run(config, "check", "hello").exception)
    assert "no such permit" in str(run(config, "revoke", "00" * 8).exception)


@pytest.mark.slow
def test_whoever_may_not_pass_has_no_good_permit_and_gets_none(
    config: Path, tmp_path: Path
) -> None:
    settings = load(config)
    now = datetime.now(UTC)
    with Store.open(settings.store, settings.data) as store:
        key = private_key(own_key(tmp_path))
        book = PermitBook(store, KeyFolder(tmp_path), settings.access.permit)
        text = book.issue(key, 1, now, now + timedelta(days=1), now=now).text
        assert "good: permit" in run(config, "check", text).output
        store.people.update(1, blocked=True, blocked_reason="banned")
    refused = run(config, "check", text)
    assert "good" not in refused.output
    assert isinstance(refused.exception, AccessError)
    denied = run(config, "issue", "#1", "--to", str(tmp_path / "paper.pdf")).exception
    assert "blocked" in str(denied)
    assert not (tmp_path / "paper.pdf").exists()
