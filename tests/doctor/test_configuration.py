"""Doctor names what the configuration has without effect; its hint carried out, it is content."""

from __future__ import annotations

from pathlib import Path

from gate.doctor.configuration import configuration
from gate.doctor.finding import Level


def test_retired_keys_are_named_until_they_are_deleted(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text('name = "north"\n[store]\ncheck_at_start = false\nballast = 7\n')
    (found,) = configuration(path)
    assert found.level is Level.WARN
    assert "store.check_at_start" in found.says
    assert "ballast" not in found.says
    assert "delete" in found.hint
    path.write_text('name = "north"\n[store]\nballast = 7\n')
    (found,) = configuration(path)
    assert found.level is Level.OK
