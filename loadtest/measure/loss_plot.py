"""Lost, mended and misheard, as SVG: three bars for each network."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

_LEFT, _TOP, _ROW, _ACROSS = 170, 44, 46, 460
_BARS = (("lost %", "#bbbbbb"), ("concealed %", "#d9822b"), ("WER %", "#0a6ebd"))


def plot(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Bars in per cent, from the left; the delay is written beside them."""
    most = max(5.0, *(row[name] for row in rows.values() for name, _ in _BARS))
    height = _TOP + _ROW * len(rows) + 20
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _ACROSS + 170} {height}" '
        'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
    ]
    for index, (name, colour) in enumerate(_BARS):
        lines.append(f'<text x="{_LEFT + index * 130}" y="24" fill="{colour}">{escape(name)}</text>')
    for index, (name, row) in enumerate(rows.items()):
        y = _TOP + index * _ROW
        lines.append(f'<text x="{_LEFT - 8}" y="{y + 22}" text-anchor="end">{escape(name)}</text>')
        for bar, (value, colour) in enumerate(_BARS):
            width = _ACROSS * row[value] / most
            lines.append(f'<rect x="{_LEFT}" y="{y + bar * 12}" width="{width:.1f}" height="10" fill="{colour}"/>')
            lines.append(f'<text x="{_LEFT + width + 4:.1f}" y="{y + bar * 12 + 9}" font-size="10">{row[value]:.1f}</text>')
        lines.append(f'<text x="{_LEFT + _ACROSS + 50}" y="{y + 22}">{row["target ms"]:.0f} ms of delay</text>')
    return "\n".join([*lines, "</svg>", ""])
