"""Gaps of audio at changes of address, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from statistics import median

_WIDTH, _LEFT, _TOP, _RIGHT, _ROW = 820, 300, 48, 30, 34


def plot(rows: Mapping[str, Sequence[float]]) -> str:
    """One row a kind of gap, one dot a move, a bar at the median; to the left is better."""
    most = max([100.0, *(value for values in rows.values() for value in values)]) * 1.05
    height = _TOP + _ROW * len(rows) + 40
    across, bottom = _WIDTH - _LEFT - _RIGHT, _TOP + _ROW * len(rows)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        'font-size="12"><rect width="100%" height="100%" fill="white"/>',
        '<text x="16" y="24" font-size="15">Longest gap of audio at a change of address, ms</text>',
    ]
    for tick in range(6):
        x = _LEFT + across * tick / 5
        lines.append(f'<path d="M{x:.1f} {_TOP}V{bottom}" stroke="#ddd"/>')
        lines.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{most * tick / 5:.0f}</text>')
    for place, (name, values) in enumerate(rows.items()):
        y = _TOP + _ROW * (place + 0.5)
        lines.append(f'<text x="{_LEFT - 12}" y="{y + 4:.1f}" text-anchor="end">{escape(name)}</text>')
        for value in values:
            x = _LEFT + across * value / most
            lines.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#0a6ebd" fill-opacity="0.5"/>')
        if values:
            x = _LEFT + across * median(values) / most
            lines.append(f'<path d="M{x:.1f} {y - 11:.1f}v22" stroke="black" stroke-width="2"/>')
    return "\n".join([*lines, "</svg>", ""])
