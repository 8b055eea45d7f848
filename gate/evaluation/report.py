"""The figures as a page that needs nothing else: tables, curves, histograms, confusions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from html import escape
from typing import Any

import numpy as np

from gate.evaluation.metrics import FPIRS, Floats, Rate, det_curve
from gate.evaluation.study import GROWN, Row
from gate.texts.terminal import reworded

Say = Callable[[str], str]  # a text in the language of the page

_COLOURS = ("#9a3412", "#0369a1", "#15803d", "#7e22ce", "#525252", "#b45309")
_WIDE, _HIGH, _LEFT, _FOOT = 520, 320, 58, 40
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 98rem; margin: 2rem auto; padding: 0 1rem;
  color: #1c1917; background: #fff }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.5rem }
table { border-collapse: collapse; font-size: 13px } div.wide { overflow-x: auto }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #e7e5e4; text-align: right;
  white-space: nowrap; vertical-align: top }
th:first-child, td:first-child, th.l, td.l { text-align: left }
svg { max-width: 100%; height: auto } figure { display: inline-block; margin: 0 1rem 1rem 0 }
figcaption { font-weight: 600 } .quiet { color: #57534e }
"""


def as_json(results: dict[str, Any]) -> dict[str, Any]:
    """The results without the single scores, ready for ``json.dumps``."""
    encoders = {}
    for name, part in results["encoders"].items():
        rows = [asdict(row) | {"outcome": None} for row in part["rows"]]
        for row in rows:
            del row["outcome"]
        pairs = part["pairs"]
        encoders[name] = part | {"rows": rows, "pairs": asdict(pairs) if pairs else None}
    return results | {"encoders": encoders}


def page(results: dict[str, Any], language: str = "en") -> str:
    """HTML with everything inline, in one of the languages of the catalogues."""
    say = partial(reworded, to=language)
    title = say("Recognition, measured")
    body = [f"<h1>{title}</h1><p class=quiet>{escape(results['data'])}</p>"]
    body.append(
        say(
            "<p>FNIR: share of residents not recognised. FPIR: share of impostors accepted. "
            "Brackets: 95 % bootstrap interval over people. <b>usual</b>: the recipe of "
            "face_recognition; "
            "<b>plain</b>: cosine; <b>site</b>: as the gate does it, fitted and calibrated on the "
            "gallery of the trial.</p>"
        )
    )
    for name, part in results["encoders"].items():
        missing, photos, pairs = part["missing"], part["photos"], part["pairs"]
        body.append(f"<h2>{escape(name)}</h2>")
        body.append(
            f"<p>{say(f'faces not found: {missing} of {photos}')}"
            + (f"; {say(f'(a) verification, ten folds: {pairs}')}" if pairs else "")
            + "</p>"
        )
        body += _tables(part["rows"], say)
        body += _figures(part["rows"], say)
        body.append(_confusions(part["rows"], say))
    return (
        f"<!doctype html><html lang={language}><meta charset=utf-8><title>{title}</title>"
        f"<meta name=viewport content='width=device-width'><style>{_STYLE}</style>"
        + "\n".join(body)
        + "</html>"
    )


def _tables(rows: Sequence[Row], say: Say) -> list[str]:
    left, right = "<th class=l>", "<th>"
    names = [("trial", right), ("way", left), ("group", left), ("people", left)]
    names += [("enrolled", right), ("probes of people", right), ("strangers", right)]
    names += [(f"at FPIR {100 * f:g} %", right) for f in FPIRS]
    names += [("rank 1", right), ("FPIR asked → came out", right)]
    names += [(f"with {GROWN:,} enrolled, at 1 %", right)]
    heads = "".join(mark + _word("figure", name, say) for name, mark in names)
    lines = [f"<div class=wide><table><thead><tr>{heads}</tr></thead><tbody>"]
    for row in rows:
        cells = "".join(
            f"<td>{100 * row.fnir[f].value:.2f} %<br><span class=quiet>{row.fnir_people[f]}</span>"
            for f in FPIRS
        )
        out = "<br>".join(f"{100 * asked:g} % → {rate}" for asked, rate in row.out.items())
        grown = str(row.grown[FPIRS[0]]) if row.grown else ""
        lines.append(
            f"<tr><td>({row.trial}) {escape(say(row.title))}<td class=l>{row.way}<td class=l>"
            f"{escape(_word('figure', row.group, say))}<td class=l>{_word('half', row.part, say)}"
            f"<td>{row.enrolled}<td>{row.probes} / {row.people}<td>{row.impostors}{cells}"
            f"<td>{100 * row.rank_one:.2f} %<td>{out}<td>{grown}</tr>"
        )
    lines.append(
        "</tbody></table></div>"
        + say(
            "<p class=quiet>First line: FNIR, probes weighing alike; second: people weighing "
            "alike. People: all, the half settings were chosen on, the half that only reports.</p>"
        )
    )
    return lines


def _word(topic: str, name: str, say: Say) -> str:
    """A heading or a name, too short to be a key of its own."""
    key = f"{topic} {name}"
    return name if (said := say(key)) == key else said


def _figures(rows: Sequence[Row], say: Say) -> list[str]:
    """DET curves of every trial, by way and group; histograms of the site way."""
    result = []
    titles = dict.fromkeys((row.trial, row.title) for row in rows)
    for trial, title in titles:
        curves = {}
        for row in rows:
            if (row.trial, row.title, row.part) == (trial, title, "all") and row.outcome:
                curves[f"{row.way}, {_word('figure', row.group, say)}"] = det_curve(
                    row.outcome, alike=True
                )
        result.append(f"<figure><figcaption>({trial}) {escape(say(title))}: DET</figcaption>")
        result.append(_det(curves) + "</figure>")
        for row in rows:
            here = (row.trial, row.title, row.part, row.way, row.group)
            if here == (trial, title, "all", "site", "everybody") and row.outcome:
                found = row.outcome.mates[np.isfinite(row.outcome.mates)]
                scores = _word("figure", "highest scores", say)
                result.append(f"<figure><figcaption>({trial}) {scores}</figcaption>")
                result.append(_histogram(found, row.outcome.others, say) + "</figure>")
    return result


def _det(curves: dict[str, tuple[Floats, Floats]]) -> str:
    """FNIR over FPIR, both logarithmic, 0.1 % to 100 %."""

    def x(value: float) -> float:
        return _LEFT + (_WIDE - _LEFT - 12) * (math.log10(max(value, 1e-3)) + 3) / 3

    def y(value: float) -> float:
        return 10 + (_HIGH - _FOOT - 10) * -math.log10(max(value, 1e-3)) / 3

    parts = [f"<svg viewBox='0 0 {_WIDE} {_HIGH}' width={_WIDE} font-size=11>"]
    for power in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0):
        parts.append(
            f"<path d='M{x(power):.1f},10V{_HIGH - _FOOT}M{_LEFT},{y(power):.1f}H{_WIDE - 12}' "
            "stroke='#e7e5e4' fill=none />"
            f"<text x={x(power):.1f} y={_HIGH - _FOOT + 14} text-anchor=middle>"
            f"{100 * power:g}</text><text x={_LEFT - 6} y={y(power) + 4:.1f} text-anchor=end>"
            f"{100 * power:g}</text>"
        )
    for (false, miss), colour in zip(curves.values(), _COLOURS * 3, strict=False):
        shown = [(f, m) for f, m in zip(false.tolist(), miss.tolist(), strict=True) if f > 0]
        points = " ".join(f"{x(f):.1f},{y(m):.1f}" for f, m in shown)
        parts.append(f"<polyline points='{points}' stroke='{colour}' stroke-width=2 fill=none />")
    for line, (name, colour) in enumerate(zip(curves, _COLOURS * 3, strict=False)):
        at = 24 + 15 * line
        parts.append(
            f"<text x={_WIDE - 18} y={at} text-anchor=end fill='{colour}'>{escape(name)}</text>"
        )
    parts.append(
        f"<text x={_WIDE / 2} y={_HIGH - 8} text-anchor=middle>FPIR, %</text><text x=14 "
        f"y={_HIGH / 2} transform='rotate(-90 14 {_HIGH / 2})' text-anchor=middle>FNIR, %</text>"
        "</svg>"
    )
    return "".join(parts)


def _histogram(mates: Floats, others: Floats, say: Say, bins: int = 50) -> str:
    edges = np.linspace(min(mates.min(), others.min()), max(mates.max(), others.max()), bins + 1)
    parts = [f"<svg viewBox='0 0 {_WIDE} {_HIGH}' width={_WIDE} font-size=11>"]
    floor, step = _HIGH - _FOOT, (_WIDE - _LEFT - 12) / bins
    for values, colour, name, line in (
        (others, _COLOURS[0], "strangers", 24),
        (mates, _COLOURS[1], "residents, their own person first", 39),
    ):
        counts, _ = np.histogram(values, edges)
        share = counts / max(counts.max(), 1)
        for number, value in enumerate(share.tolist()):
            high = value * (floor - 48)
            parts.append(
                f"<rect x={_LEFT + number * step:.1f} y={floor - high:.1f} width={step:.1f} "
                f"height={high:.1f} fill='{colour}' opacity=.55 />"
            )
        shown = _word("figure", name, say)
        parts.append(
            f"<text x={_WIDE - 18} y={line} text-anchor=end fill='{colour}'>{shown}</text>"
        )
    for number in range(0, bins + 1, 10):
        parts.append(
            f"<text x={_LEFT + number * step:.1f} y={floor + 14} text-anchor=middle>"
            f"{edges[number]:.2f}</text>"
        )
    score = _word("figure", "score", say)
    parts.append(f"<text x={_WIDE / 2} y={_HIGH - 8} text-anchor=middle>{score}</text></svg>")
    return "".join(parts)


def _confusions(rows: Sequence[Row], say: Say) -> str:
    heads = [_word("figure", name, say) for name in ("trial", "impostor", "mistaken for", "score")]
    lines = [
        f"<h3>{say('Strangers with the highest scores')}</h3><div class=wide><table><tr>"
        "<th>{}<th class=l>{}<th class=l>{}<th>{}</tr>".format(*heads)
    ]
    for row in rows:
        if (row.way, row.group, row.part) == ("site", "everybody", "all"):
            for impostor, person, score in row.misses[:12]:
                lines.append(
                    f"<tr><td>({row.trial}) {escape(say(row.title))}<td class=l>{escape(impostor)}"
                    f"<td class=l>{escape(person)}<td>{score:.3f}</tr>"
                )
    return "".join([*lines, "</table></div>"])


def summary(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Lines for a terminal: trial, way, group, people, figures in per cent."""

    def both(row: Row, fpir: float) -> str:
        rate: Rate = row.fnir_people[fpir]
        return f"{_short(row.fnir[fpir].value)}/{_short(rate.value)}"

    return [
        (
            row.trial,
            row.way,
            "" if row.group == "everybody" else row.group,
            row.part,
            *(both(row, fpir) for fpir in FPIRS),
            " ".join(_short(rate.value) for rate in row.out.values()),
        )
        for row in rows
    ]


def _short(share: float) -> str:
    """Per cent in four characters."""
    return f"{100 * share:.2f}"[:4].rstrip(".").rjust(4)
