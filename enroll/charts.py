"""Charts as SVG made on the server: no script, no colour alone, a table beside each."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 220, 44, 26


def bars(values: Sequence[tuple[str, int]], title: str) -> Markup:
    """Upright bars with their labels; every bar says its figure to a screen reader."""
    top = max((value for _, value in values), default=0) or 1
    step = (_WIDTH - _LEFT) / max(len(values), 1)
    parts = [_axis(top)]
    for index, (label, value) in enumerate(values):
        height = (_HEIGHT - _BOTTOM - 10) * value / top
        x, y = _LEFT + index * step, _HEIGHT - _BOTTOM - height
        parts.append(
            f'<rect class="bar" x="{x + step * 0.12:.1f}" y="{y:.1f}" '
            f'width="{step * 0.76:.1f}" height="{height:.1f}"><title>{escape(label)}: {value}'
            f"</title></rect>"
        )
        if len(values) <= 12 or index % 3 == 0:
            parts.append(
                f'<text x="{x + step / 2:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">'
                f"{escape(label)}</text>"
            )
    return _svg(parts, title)


def curve(
    today: Sequence[int], ordinary: Sequence[float], until: int, title: str, names: tuple[str, str]
) -> Markup:
    """Today's hours as bars before the area of an ordinary day.

    Args:
        today: 24 counts; those after hour ``until`` are not drawn.
        ordinary: 24 means.
        names: what the two are called, for the legend and a screen reader.
    """
    top = max((*today, *ordinary, 1))
    step = (_WIDTH - _LEFT) / 24
    floor, reach = _HEIGHT - _BOTTOM, _HEIGHT - _BOTTOM - 10
    points = " ".join(
        f"{_LEFT + (hour + 0.5) * step:.1f},{floor - reach * value / top:.1f}"
        for hour, value in enumerate(ordinary)
    )
    parts = [_axis(top)]
    if any(ordinary):
        parts.append(
            f'<polygon class="ordinary" points="{_LEFT},{floor} {points} {_WIDTH},{floor}">'
            f"<title>{escape(names[1])}</title></polygon>"
        )
    for hour, value in enumerate(today):
        if hour <= until:
            height = reach * value / top
            parts.append(
                f'<rect class="bar" x="{_LEFT + hour * step + step * 0.2:.1f}" '
                f'y="{floor - height:.1f}" width="{step * 0.6:.1f}" height="{height:.1f}">'
                f"<title>{hour}:00 {escape(names[0])}: {value}; {escape(names[1])}: "
                f"{ordinary[hour]:.0f}</title></rect>"
            )
        if hour % 3 == 0:
            parts.append(
                f'<text x="{_LEFT + (hour + 0.5) * step:.1f}" y="{_HEIGHT - 8}" '
                f'text-anchor="middle">{hour}</text>'
            )
    return _svg(parts, title)


def histogram(
    values: Sequence[float], begin: float, end: float, count: int
) -> list[tuple[str, int]]:
    """Counts of ``values`` in equal steps from ``begin`` to ``end``; outliers in the outer ones."""
    step = (end - begin) / count
    totals = [0] * count
    for value in values:
        totals[min(count - 1, max(0, int((value - begin) / step)))] += 1
    return [(f"{begin + index * step:g}", total) for index, total in enumerate(totals)]


def quantile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank quantile; None without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def _axis(top: float) -> str:
    lines = []
    for share in (0, 0.5, 1):
        y = _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - 10) * share
        lines.append(
            f'<line class="axis" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH}" y2="{y:.1f}"></line>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{top * share:g}</text>'
        )
    return "".join(lines)


def _svg(parts: list[str], title: str) -> Markup:
    return Markup(
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
