#!/usr/bin/env python3
"""An HTTP server that hears whether a speaker is done: Smart Turn v3.2 by Daily (BSD-2-Clause, from pipecat-ai).

`POST /v1/end_of_turn` takes `audio/l16;rate=16000`, little-endian mono with the pause at its end, of which the last
8 s count, and answers `{"probability": 0...1}`. `GET /health` and `GET /v1/models` answer when the model is loaded.
Errors have OpenAI's shape. The model runs one request after the other; when too many wait, the answer is 503, since a
late one is worth nothing.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import threading
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from smart_turn.features import SAMPLE_RATE
from smart_turn.model import SmartTurn

# A minute of audio; a client need not send more than the last 8 s.
_LONGEST_BODY = 60 * SAMPLE_RATE * 2
# Seconds for a client to send or take what it must.
_PATIENCE = 5
_MOST_CONNECTIONS = 64
# Requests before the model, the one in work included.
_MOST_WAITING = 8
_MODEL_NAME = "smart-turn-v3.2"


class Refusal(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self) -> dict[str, Any]:
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        return {"error": {"type": kind, "code": self.code, "message": str(self), "param": None}}


class Detector:
    """The model, for many threads: one at a time, and few in the queue."""

    def __init__(self, model: SmartTurn) -> None:
        self._model = model
        self._places = threading.BoundedSemaphore(_MOST_WAITING)
        self._turn = threading.Lock()

    def probability(self, pcm: bytes) -> float:
        if not self._places.acquire(blocking=False):
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", "too many requests wait; ask again later")
        try:
            with self._turn:
                return self._model.probability(pcm)
        finally:
            self._places.release()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "end-of-turn"
    sys_version = ""
    timeout = _PATIENCE
    server: Server

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(HTTPStatus.OK, {"status": "ok"})
        elif self.path == "/v1/models":
            model = {"id": _MODEL_NAME, "object": "model", "owned_by": "pipecat-ai"}
            self._answer(HTTPStatus.OK, {"object": "list", "data": [model]})
        else:
            self._refuse(Refusal(HTTPStatus.NOT_FOUND, "not_found", "use POST /v1/end_of_turn"))

    def do_POST(self) -> None:
        try:
            if self.path != "/v1/end_of_turn":
                raise Refusal(HTTPStatus.NOT_FOUND, "not_found", "use POST /v1/end_of_turn")
            probability = self.server.detector.probability(self._audio())
            self._answer(HTTPStatus.OK, {"probability": round(probability, 4)})
        except Refusal as refusal:
            self._refuse(refusal)

    def _audio(self) -> bytes:
        if not is_pcm(self.headers):
            raise Refusal(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                f"Content-Type must be audio/l16;rate={SAMPLE_RATE}",
            )
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 12):
            raise Refusal(HTTPStatus.LENGTH_REQUIRED, "length_required", "Content-Length must say how long the body is")
        if int(length) > _LONGEST_BODY:
            message = f"the body is longer than {_LONGEST_BODY} bytes; send the last 8 s"
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", message)
        pcm = self.rfile.read(int(length))
        if len(pcm) < int(length):
            raise ConnectionError("the client left")
        if not pcm or len(pcm) % 2:
            raise Refusal(HTTPStatus.BAD_REQUEST, "invalid_audio", "the body must be a whole number of 16-bit samples")
        return pcm

    def _refuse(self, refusal: Refusal) -> None:
        # What is left of the request is not read, so the connection is of no more use.
        self.close_connection = True
        self._answer(refusal.status, refusal.body())

    def _answer(self, status: HTTPStatus, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses by itself, in the same shape."""
        status = HTTPStatus(code)
        self._refuse(Refusal(status, status.name.lower(), message or status.phrase))

    def log_message(self, format: str, *arguments: Any) -> None:
        """Requests are many and are counted by their client."""


def is_pcm(headers: Message) -> bool:
    return headers.get_content_type() == "audio/l16" and headers.get_param("rate") == str(SAMPLE_RATE)


class Server(ThreadingHTTPServer):
    """A thread a connection, and only so many connections."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int], detector: Detector) -> None:
        self.detector = detector
        self._places = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        super().__init__(address, Handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return self._places.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        logging.debug("a connection failed", exc_info=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="ONNX file")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=10303)
    parser.add_argument("--threads", type=int, default=1, help="threads of one judgement (%(default)s)")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    # Before other threads exist, so that they inherit it and only sigwait sees the signals.
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    model = SmartTurn(arguments.model, arguments.threads)
    model.probability(bytes(SAMPLE_RATE * 2))
    server = Server((arguments.host, arguments.port), Detector(model))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    logging.info("listening on %s:%d", *server.server_address[:2])
    signal.sigwait(stops)
    server.shutdown()


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", level=logging.INFO)
    main()
