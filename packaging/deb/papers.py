"""The papers of the Debian package: who maintains it, its changelog, copyright and overrides.

Formats: Debian Policy 4.4 (changelog), copyright-format 1.0, lintian's manual (overrides).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from email.utils import formatdate

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: access-gate

Files: *
Copyright: the authors of access-gate
License: Apache-2.0
 On Debian systems the whole text is in /usr/share/common-licenses/Apache-2.0.

Files: usr/lib/gate/lib/*
Copyright: their authors
License: of-each-package
 The Python packages that the gate needs, each with its own licence, which lies in its folder
 NAME-VERSION.dist-info.
"""
OVERRIDES = """\
# published wheels, each checked by the hash in requirements.lock, stay byte for byte what they are:
# stripping libraries that were patched for wheels damages some
access-gate: unstripped-binary-or-object *
access-gate: embedded-library *
# compiled once: the services may not write to /usr
access-gate: package-installs-python-pycache-dir *
# the environment has an interpreter of its own name
access-gate: wrong-path-for-interpreter */usr/lib/gate/bin/python3*
"""


def maintainer(environ: Mapping[str, str] = os.environ) -> str:
    """Whoever builds it, by the variables that Debian's tools read."""
    name = environ.get("DEBFULLNAME", "Access gate")
    return f"{name} <{environ.get('DEBEMAIL', 'gate@localhost')}>"


def changelog(text: str, name: str, version: str, who: str, seconds: float) -> str:
    """CHANGELOG.md as Debian writes it. What is not released yet belongs to ``version``.

    Args:
        seconds: since 1970, UTC, when the package was made.
    """
    entries: dict[str, list[str]] = {version: []}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, *lines = section.splitlines()
        number = heading.split()[0].strip("[]")
        entry = entries.setdefault(version if number == "Unreleased" else number, [])
        for line in lines:
            if line.startswith("### "):
                entry.append(f"  [ {line[4:].strip()} ]")
            elif line.startswith("- "):
                entry.append(f"  * {line[2:]}")
            elif line.startswith("  "):
                entry.append(f"    {line.strip()}")
    date = formatdate(seconds)
    return "\n".join(
        f"{name} ({number}) unstable; urgency=medium\n\n"
        + "\n".join(lines or ["  * First version."])
        + f"\n\n -- {who}  {date}\n"
        for number, lines in entries.items()
    )
