"""Doctor names what the configuration has without effect; its hint carried out, it is content."""

from __future__ import annotations

from pathlib import Path

from gate.config.upgrade import upgraded
from gate.doctor.configuration import configuration
from gate.doctor.finding import Level


def test_keys_of_before_are_named_until_the_file_is_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text('name = "north"\n[store]\ncheck_at_start = false\nqueue = 700\n')
    (found,) = configuration(path)
    assert found.level is Level.WARN
    assert "without effect in this version: store.check_at_start;" in found.says
    assert "moved to [advanced]: store.queue" in found.says
    assert "gate config upgrade" in found.hint
    path.write_text(upgraded(path.read_text()).text)
    (found,) = configuration(path)
    assert found.level is Level.OK
