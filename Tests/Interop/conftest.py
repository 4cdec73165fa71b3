"""One server for all tests, with the default workers, and a voice for the people in them.

Run: `.viva/tests/venv/bin/python -m pytest Tests/Interop`. VIVA_BINARY names another server binary.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.server import VivaServer
from support.speech import Voice

# What the people in the tests say. No numbers: a recogniser may write those as digits.
SENTENCES = (
    "What is the capital of France?",
    "What can I do on a rainy day?",
    "Thank you, that was helpful.",
    "Can you tell me why the sky is blue in the summer and so grey in the winter?",
    "Wait, please stop, I have a question for you.",
)


@pytest.fixture(scope="session")
def server() -> Iterator[VivaServer]:
    """The server that most tests share. At the end it must stop at once and leave nobody behind."""
    viva = VivaServer().start()
    try:
        yield viva
        assert viva.process is not None and viva.process.poll() is None, f"it died:\n{viva.log_end()}"
    except BaseException:
        viva.kill()
        raise
    left = viva.stop()
    assert not left, f"left behind after SIGTERM: {[process.command for process in left]}"
    assert viva.process.returncode == 0, f"exit status {viva.process.returncode}:\n{viva.log_end()}"
    viva.remove()


@pytest.fixture(scope="session")
def voice(server: VivaServer) -> Voice:
    """Says SENTENCES (and others), made by the server's own Piper worker before anything is measured."""
    return Voice.prepared(server.tts, SENTENCES)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """A failed test shows the end of the server's log."""
    report = yield
    if report.failed:
        for viva in {id(value): value for value in item.funcargs.values() if isinstance(value, VivaServer)}.values():
            report.sections.append(("the server's log", viva.log_end()))
    return report
