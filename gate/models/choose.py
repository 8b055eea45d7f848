"""Set one key of the configuration file, leaving every comment and line else as it is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from gate.errors import ConfigurationError


def with_key(text: str, section: str, key: str, value: str) -> str:
    """``text`` (TOML) with ``key = "value"`` in ``[section]``, in place of what was there."""
    line = f'{key} = "{value}"'
    lines = text.splitlines()
    header = f"[{section}]"
    start = next((i for i, at in enumerate(lines) if at.split("#")[0].strip() == header), None)
    if start is None:
        return "\n".join([*lines, "", header, line, ""])
    end = start + 1
    while end < len(lines) and not lines[end].lstrip().startswith("["):
        if re.match(rf"\s*{re.escape(key)}\s*=", lines[end]):
            lines[end] = line
            break
        end += 1
    else:
        lines.insert(start + 1, line)
    return "\n".join(lines) + "\n"


def set_key(path: Path, section: str, key: str, value: str) -> None:
    """Change the file in one step. Raises ConfigurationError; then it is as it was."""
    try:
        changed = with_key(path.read_text(encoding="utf-8"), section, key, value)
        if tomllib.loads(changed)[section][key] != value:
            raise ConfigurationError(
                f"{key} could not be set in [{section}]", where=str(path), hint="set it by hand"
            )
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(changed, encoding="utf-8")
        fresh.chmod(path.stat().st_mode & 0o7777)
        fresh.replace(path)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the configuration cannot be changed: {error}",
            where=str(path),
            hint=f'write {key} = "{value}" into [{section}] by hand',
        ) from None
