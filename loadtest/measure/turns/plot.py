"""The trade between cutting in and waiting, as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 720, 440, 64, 40, 150, 56
_COLOURS = {"server_vad": "#888888", "semantic_vad": "#0a6ebd"}


def plot(rows: Mapping[str, Mapping[str, float]]) -> str:
    """One point a setting: mean latency to the right, cut turns upwards. Lower left is better."""
    most = max(500.0, *(row["mean ms"] for row in rows.values())) * 1.1
    across, up = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(milliseconds: float) -> float:
        return _LEFT + across * milliseconds / most

    def y(percent: float) -> float:
        return _TOP + up * (1 - percent / 100)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="12"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="22" font-size="15">False cut-offs and latency of turn detection</text>',
        f'<text x="{_LEFT + across / 2}" y="{_HEIGHT - 14}" text-anchor="middle">'
        "mean ms from the end of speech to speech_stopped</text>",
        f'<text transform="translate(18 {_TOP + up / 2}) rotate(-90)" text-anchor="middle">'
        "turns with pauses that were cut, %</text>",
    ]
    for percent in range(0, 101, 20):
        lines.append(f'<path d="M{_LEFT} {y(percent):.1f}h{across}" stroke="#ddd"/>')
        lines.append(f'<text x="{_LEFT - 8}" y="{y(percent) + 4:.1f}" text-anchor="end">{percent}</text>')
    for milliseconds in range(0, int(most) + 1, 250):
        lines.append(f'<text x="{x(milliseconds):.1f}" y="{_HEIGHT - 36}" text-anchor="middle">{milliseconds}</text>')
    for name, row in rows.items():
        colour = _COLOURS.get(name.partition(":")[0], "black")
        place = x(row["mean ms"]), y(row["cut turns %"])
        lines.append(f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="5" fill="{colour}"/>')
        lines.append(f'<text x="{place[0] + 9:.1f}" y="{place[1] - 6:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*lines, "</svg>", ""])
