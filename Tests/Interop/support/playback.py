"""A player that only counts: when each piece of the agent's audio would have been heard."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Playback:
    """Plays what comes at once, and what comes early after what came before. Times are in seconds."""

    pieces: list[tuple[float, float]] = field(default_factory=list)  # start of playing, duration
    end: float = 0.0
    most_ahead: float = 0.0

    def add(self, at: float, duration: float) -> None:
        """A piece that came at `at`."""
        start = max(at, self.end)
        self.pieces.append((start, duration))
        self.end = start + duration
        self.most_ahead = max(self.most_ahead, self.end - at)

    def heard(self, at: float) -> float:
        """How much had been played at `at`."""
        return sum(min(max(at - start, 0.0), duration) for start, duration in self.pieces)

    def gaps(self) -> float:
        """How long the player stood still between pieces."""
        return sum(
            later - (start + duration) for (start, duration), (later, _) in zip(self.pieces, self.pieces[1:])
        )
