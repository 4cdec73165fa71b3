"""Spoken turns with known pauses and a known end, for measuring how turns are ended."""
