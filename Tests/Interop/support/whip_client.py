"""Debian's WHIP client (package simple-whip-client, of Meetecho), which sends a recording over WebRTC."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

PROGRAM = "whip-client"
STOP_SECONDS = 10

# The client is linked with libsoup 2.4. libnice brings libsoup 3 along, by way of libgupnp-igd, which opens ports of
# home routers; with both in one process libsoup ends it. Nobody needs a home router here: an empty library of the same
# name leaves UPnP out, and libnice goes on without when there is no `GUPnPSimpleIgdThread`.
_WITHOUT_UPNP = """
unsigned long gupnp_simple_igd_get_type(void) { return 0; }
void *gupnp_simple_igd_thread_new(void) { return 0; }
void gupnp_simple_igd_add_port(void) {}
void gupnp_simple_igd_remove_port_local(void) {}
"""
_UPNP_LIBRARY = "libgupnp-igd-1.0.so.4"


def is_installed() -> bool:
    """Whether the Debian package is there."""
    return shutil.which(PROGRAM) is not None


class WHIPClient:
    """A running client. It says everything it does, and everything it is answered, in its log."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self._folder = folder
        self.process = process

    @property
    def log(self) -> str:
        """All that it has printed."""
        return (self._folder / "whip-client.log").read_text(errors="replace")

    def hang_up(self) -> int:
        """As with Ctrl-C, upon which it sends its DELETE; returns its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


@contextlib.contextmanager
def publish(wav: Path, url: str, key: str, folder: Path, *options: str) -> Iterator[WHIPClient]:
    """A client that sends this recording at the pace of real time to the WHIP endpoint at `url`."""
    _make_library(folder)
    pipeline = (
        # `identity sync` keeps the pace, which a file has none of.
        f"filesrc location={wav} ! wavparse ! audioconvert ! audioresample ! identity sync=true ! "
        "opusenc ! rtpopuspay pt=111 ! queue ! application/x-rtp,media=audio,encoding-name=OPUS,payload=111"
    )
    command = [PROGRAM, "--url", url, "--token", key, "--audio", pipeline, "--log-level", "7", "--disable-colors"]
    # GStreamer keeps its list of plugins in the cache of whoever runs it.
    environment = os.environ | {"LD_LIBRARY_PATH": str(folder), "XDG_CACHE_HOME": str(folder)}
    with (folder / "whip-client.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *options], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield WHIPClient(folder, process)
    finally:
        process.kill()
        process.wait()


def _make_library(folder: Path) -> None:
    command = ["cc", "-shared", "-fPIC", f"-Wl,-soname,{_UPNP_LIBRARY}", "-xc", "-", "-o", str(folder / _UPNP_LIBRARY)]
    subprocess.run(command, input=_WITHOUT_UPNP.encode(), check=True)
