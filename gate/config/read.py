"""A configuration file as values, or an error that says what to do about it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from gate.errors import ConfigurationError


def read(path: Path) -> dict[str, Any]:
    """Values, nested as in the file. Raises ConfigurationError."""
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))  # Windows' editor marks its UTF-8
    except FileNotFoundError:
        raise ConfigurationError(
            "there is no configuration file",
            where=str(path),
            hint="run `gate init`, or name one with --config",
        ) from None
    except OSError as error:
        closed = isinstance(error, PermissionError)
        raise ConfigurationError(
            f"the configuration cannot be read: {error.strerror}",
            where=str(path),
            hint="put sudo before the command" if closed else "check the disk",
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(
            "the configuration is in another encoding than UTF-8",
            where=str(path),
            hint="save it as UTF-8: what Windows' editor calls Unicode or ANSI is not",
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"the configuration is not TOML: {error}",
            where=str(path),
            hint="correct the line named; strings need quotes",
        ) from None
