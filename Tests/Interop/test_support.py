"""The measuring instruments themselves: a rule that never fails would prove nothing."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
from support import pitch_code
from support.client import Event
from support.order import broken_rules
from support.packet_indices import PacketIndices
from support.playback import Playback
from support.speech import resample, say_with_espeak, seconds, silence, trimmed, voiced_end
from support.vocabulary import classes, problems_of
from support.words import heard_prefix, is_word_prefix, word_error, words

ITEM = {"id": "a", "type": "message", "role": "assistant", "content": []}
PLACE = {"response_id": "r", "item_id": "a", "output_index": 0, "content_index": 0}


def turn() -> list[dict[str, Any]]:
    """A response in the right order."""
    done = {"id": "r", "status": "completed", "conversation_id": "c", "output": [ITEM]}
    return [
        {"type": "session.created", "session": {}},
        {"type": "response.created", "response": {"id": "r", "status": "in_progress", "conversation_id": "c"}},
        {"type": "response.output_item.added", "response_id": "r", "output_index": 0, "item": ITEM},
        {"type": "conversation.item.added", "item": ITEM},
        {"type": "response.content_part.added", **PLACE, "part": {"type": "audio"}},
        {"type": "response.output_audio_transcript.delta", **PLACE, "delta": "Hello "},
        {"type": "response.output_audio.delta", **PLACE, "delta": "AAAAAA=="},
        {"type": "response.output_audio_transcript.delta", **PLACE, "delta": "there."},
        {"type": "response.output_audio.done", **PLACE},
        {"type": "response.output_audio_transcript.done", **PLACE, "transcript": "Hello there."},
        {"type": "response.content_part.done", **PLACE, "part": {"type": "audio"}},
        {"type": "response.output_item.done", "response_id": "r", "output_index": 0, "item": ITEM},
        {"type": "conversation.item.done", "item": ITEM},
        {"type": "response.done", "response": done},
    ]


def rules(events: list[dict[str, Any]]) -> list[str]:
    return broken_rules([Event(n, float(n), {"event_id": f"e{n}", **data}) for n, data in enumerate(events)])


def test_a_turn_in_order_breaks_no_rule() -> None:
    assert rules(turn()) == []


# From the second event on: which place is moved where.
@pytest.mark.parametrize(
    ("source", "target"), [(1, 2), (2, 4), (4, 5), (5, 9), (6, 8), (9, 10), (10, 11), (12, 13), (6, 13)]
)
def test_each_exchange_of_events_is_noticed(source: int, target: int) -> None:
    events = turn()
    events.insert(target, events.pop(source))
    assert rules(events)


@pytest.mark.parametrize("missing", [0, 1, 2, 4, 8, 9, 10, 11, 12])
def test_each_missing_event_is_noticed(missing: int) -> None:
    events = turn()
    del events[missing]
    assert rules(events)


@pytest.mark.parametrize("twice", [1, 13])
def test_a_doubled_event_is_noticed(twice: int) -> None:
    events = turn()
    events.insert(twice, dict(events[twice]))
    assert rules(events)


def test_a_response_beside_the_conversation_may_run_meanwhile() -> None:
    own = {"id": "own", "conversation_id": None, "output": []}
    events = turn()
    events.insert(5, {"type": "response.created", "response": own | {"status": "in_progress"}})
    events.insert(9, {"type": "response.done", "response": own | {"status": "completed"}})
    assert rules(events) == []
    events[5]["response"] = own | {"status": "in_progress", "conversation_id": "c"}
    assert rules(events)


def test_half_a_sample_is_noticed_where_a_sample_has_two_bytes() -> None:
    events = turn()
    events[6]["delta"] = "AAAA"
    assert rules(events)
    events[1]["response"]["audio"] = {"output": {"format": {"type": "audio/pcmu"}}}
    assert rules(events) == []


def test_other_words_than_the_deltas_are_noticed() -> None:
    events = turn()
    events[9]["transcript"] = "Hello."
    assert rules(events)


def in_format(name: str) -> dict[str, Any]:
    """A response's beginning, with this format."""
    audio = {"output": {"format": {"type": name}}}
    return {"type": "response.created", "event_id": "e", "response": {"audio": audio}}


def test_every_event_type_of_the_package_is_known() -> None:
    assert len(classes()) == 46 and classes()["response.done"].__name__ == "ResponseDoneEvent"


@pytest.mark.parametrize(
    ("event", "is_right"),
    [
        ({"type": "input_audio_buffer.committed", "event_id": "e", "item_id": "i"}, True),
        ({"type": "input_audio_buffer.committed", "event_id": "e", "item_id": 5}, False),
        ({"type": "input_audio_buffer.committed", "event_id": "e"}, False),
        ({"type": "input_audio_buffer.committed", "item_id": "i"}, False),
        ({"type": "input_audio_buffer.lost", "event_id": "e"}, False),
        ({"type": "viva.ladder.changed"}, True),
        (in_format("audio/opus"), True),
        (in_format("audio/mp3"), False),
        ({"type": "response.done", "event_id": "e", "response": {"status": "finished"}}, False),
    ],
)
def test_the_vocabulary_is_strict(event: dict[str, Any], is_right: bool) -> None:
    assert (not problems_of(json.dumps(event))) == is_right


def test_a_player_that_counts() -> None:
    player = Playback()
    player.add(10.0, 0.5)
    player.add(10.1, 0.5)
    assert player.heard(10.6) == pytest.approx(0.6) and player.most_ahead == pytest.approx(0.9)
    player.add(12.0, 0.5)  # late: the player stood still for a second
    assert player.gaps() == pytest.approx(1.0)
    assert player.heard(11.5) == pytest.approx(1.0) and player.heard(99) == pytest.approx(1.5)


def test_words() -> None:
    assert words("It's 42; 1,000 things!") == ["its", "forty", "two", "one", "thousand", "things"]
    assert word_error("one two three four", "1 2 three") == pytest.approx(0.25)
    assert heard_prefix("a b c d e f", "a x c") == 3 and heard_prefix("a b c", "") == 0
    assert is_word_prefix("Hello, there", "Hello there, you.") and not is_word_prefix("Hello you", "Hello there, you.")


def test_speech() -> None:
    speech = say_with_espeak("Good morning.")
    assert 0.4 < seconds(speech) < 2
    padded = silence(1) + speech + silence(1)
    assert abs(voiced_end(padded) - 1 - seconds(speech)) < 0.1
    assert abs(seconds(trimmed(padded)) - seconds(speech)) < 0.1


def test_an_index_that_is_used_twice_is_seen() -> None:
    def rtp(sequence: int, body: bytes) -> bytes:
        return struct.pack("!BBHII", 0x80, 111, sequence, 0, 7) + body

    def rtcp(index: int, body: bytes) -> bytes:
        return struct.pack("!BBHI", 0x80, 200, 1, 7) + body + struct.pack("!I", 1 << 31 | index)

    indices = PacketIndices()
    for packet in (rtcp(1, b"one."), rtp(65_000, b"one"), rtp(65_001, b"two"), rtp(65_001, b"two"), rtp(700, b"three")):
        indices.note(packet)
    indices.learn("AEAD_AES_128_GCM")
    indices.note(rtcp(2, b"two."))
    assert sorted(indices.rtp[7]) == [65_000, 65_001, 66_236] and sorted(indices.rtcp[7]) == [1, 2]
    assert not indices.reused
    indices.note(rtp(65_001, b"other"))
    indices.note(rtp(701, b"of the next round"))
    indices.note(rtcp(2, b"some"))
    assert indices.reused == [("RTP", 7, 65_001), ("RTCP", 7, 2)]


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000])
def test_words_of_the_pitch_code_are_heard_through_noise_at_another_rate(rate: int) -> None:
    said = [*pitch_code.WORDS, pitch_code.OTHER]
    spoken = np.frombuffer(pitch_code.say(" ".join(said), rate), "<i2")
    samples = resample(spoken, rate, 16_000)
    noise = np.random.default_rng(1).normal(0, 30, len(samples))
    assert pitch_code.hear((samples + noise).astype("<i2").tobytes(), 16_000) == said


def test_a_word_that_was_cut_is_lost_and_a_word_that_came_twice_is_counted() -> None:
    said = pitch_code.WORDS[:4]
    pcm = pitch_code.say(" ".join(said), 16_000)
    word = len(pcm) // 4
    assert pitch_code.hear(pcm[: 3 * word + word // 5], 16_000) == said[:3]
    assert pitch_code.hear(b"", 16_000) == pitch_code.hear(bytes(word), 16_000) == []
    assert pitch_code.compare(said, pitch_code.hear(pcm[: 2 * word] + pcm[word:], 16_000)) == (0, 1)
    assert pitch_code.compare(said, said[:1] + said[2:]) == (1, 0)
