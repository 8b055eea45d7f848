"""Man pages and Bash completion, generated from the commands themselves.

python packaging/deb/manual.py FOLDER     # writes FOLDER/man/*.1 and FOLDER/gate.bash
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

Path_ = tuple[str, ...]
Command = TyperCommand | TyperGroup


def tree() -> TyperGroup:
    """The whole command line."""
    from gate.cli import app

    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)
    return command


def walk(command: Command, path: Path_ = ("gate",)) -> Iterator[tuple[Path_, Command]]:
    """Every command below ``command``, parents first."""
    yield path, command
    if isinstance(command, TyperGroup):
        for name, inner in sorted(command.commands.items()):
            yield from walk(inner, (*path, name))


def pages(root: TyperGroup, version: str) -> dict[str, str]:
    """File name → roff: ``gate.1`` and one page for each command, with those below it."""
    made = {"gate.1": _page(("gate",), root, version)}
    for name, command in sorted(root.commands.items()):
        made[f"gate-{name}.1"] = _page(("gate", name), command, version)
    return made


def completion(root: TyperGroup) -> str:
    """A completion for Bash that starts no Python: the words after each command."""
    cases = []
    for path, command in walk(root):
        words = [
            o
            for p in command.params
            if isinstance(p, TyperOption)
            for o in (*p.opts, *p.secondary_opts)
        ]
        words += ["--help"]
        if isinstance(command, TyperGroup):
            words = [*sorted(command.commands), *words]
        cases.append(f'    "{" ".join(path)}") words="{" ".join(dict.fromkeys(words))}" ;;')
    known = " ".join(f'"{" ".join(path)}"' for path, _ in walk(root))
    return _BASH.replace("@KNOWN@", known).replace("@CASES@", "\n".join(cases))


_BASH = """\
# Bash completion of gate, generated from its commands.
_gate() {
  local current="${COMP_WORDS[COMP_CWORD]}" path="gate" word words known
  local -a all=(@KNOWN@)
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    for known in "${all[@]}"; do
      [ "$known" = "$path $word" ] && { path="$known"; break; }
    done
  done
  case "$path" in
@CASES@
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _gate gate
"""


def _page(path: Path_, command: Command, version: str) -> str:
    title = "-".join(path)
    lines = [
        f'.TH "{title.upper()}" "1" "" "gate {version}" "Access gate"',
        ".SH NAME",
        rf"{_roff(title)} \- {_roff(_short(command))}",
    ]
    inner = list(walk(command, path))
    if path == ("gate",):  # each command has a page of its own
        lines += [".SH SYNOPSIS", r".B gate", r"\fICOMMAND\fR \fR[\fIOPTIONS\fR]"]
        lines += [".SH DESCRIPTION", _roff(_text(command)), ".SH COMMANDS"]
        assert isinstance(command, TyperGroup)
        for name, below in command.commands.items():
            lines += [".TP", rf"\fBgate-{_roff(name)}\fR(1)", _roff(_short(below))]
        lines += [".SH FILES", ".TP", r"\fI/etc/gate/gate.toml\fR", "the configuration"]
        lines += [".TP", r"\fI/var/lib/gate\fR", "database, keys and models"]
        return "\n".join(lines) + "\n"
    for number, (at, each) in enumerate(inner):
        if number == 0:
            lines += [".SH SYNOPSIS", *_synopsis(at, each), ".SH DESCRIPTION", _roff(_text(each))]
            lines += _options(each)
            if len(inner) > 1:
                lines.append(".SH COMMANDS")
        else:
            lines += [f".SS {_roff(' '.join(at))}", *_synopsis(at, each), ".PP"]
            lines += [_roff(_text(each)), *_options(each)]
    lines += [".SH SEE ALSO", r"\fBgate\fR(1)"]
    return "\n".join(lines) + "\n"


def _synopsis(path: Path_, command: Command) -> list[str]:
    arguments = [p for p in command.params if isinstance(p, TyperArgument)]
    names = " ".join(
        rf"\fI{_roff(str(a.name).upper())}\fR" if a.required else rf"[\fI{_roff(str(a.name))}\fR]"
        for a in arguments
    )
    if isinstance(command, TyperGroup):
        names = r"\fICOMMAND\fR"
    return [rf"\fB{_roff(' '.join(path))}\fR [\fIOPTIONS\fR] {names}".rstrip()]


def _options(command: Command) -> list[str]:
    lines = []
    for option in command.params:
        if not isinstance(option, TyperOption) or option.hidden:
            continue
        kind = (
            "" if option.is_flag else rf" \fI{_roff(str(option.metavar or option.name).upper())}\fR"
        )
        names = ", ".join(rf"\fB{_roff(o)}\fR" for o in (*option.opts, *option.secondary_opts))
        lines += [".TP", names + kind, _roff(option.help or "")]
    return lines


def _text(command: Command) -> str:
    return (command.help or "").replace("\f", "").strip()


def _short(command: Command) -> str:
    return _text(command).split("\n\n")[0].replace("\n", " ").rstrip(".")


def _roff(text: str) -> str:
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return "\n".join(
        rf"\&{line}" if line.startswith((".", "'")) else (line or ".PP")
        for line in escaped.splitlines()
    )


def main(folder: Path) -> None:
    from gate import __version__

    root = tree()
    (folder / "man").mkdir(parents=True, exist_ok=True)
    for name, text in pages(root, __version__).items():
        (folder / "man" / name).write_text(text, "utf-8")
    (folder / "gate.bash").write_text(completion(root), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
