#!/usr/bin/env python3
"""llama.cpp's own HTTP server (OpenAI's chat completions, with tools) for one GGUF model."""

import argparse
import signal
from pathlib import Path

import xllamacpp


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="GGUF file")
    parser.add_argument("--chat-template", type=Path, help="Jinja file (the model's own)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8091)
    # With a thread a core, llama.cpp spins at barriers while the other workers hold the cores: 20 s a reply.
    parser.add_argument("--threads", type=int, default=1, help="threads of one step (%(default)s)")
    parser.add_argument("--parallel", type=int, default=2, help="requests at once (%(default)s)")
    parser.add_argument("--context", type=int, default=4096, help="tokens of all requests (%(default)s)")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    # Before the server's threads exist, so that they inherit it and only sigwait sees the signals.
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)

    settings = xllamacpp.CommonParams()
    settings.model.path = str(arguments.model)
    settings.hostnames = [arguments.host]
    settings.port = arguments.port
    settings.n_ctx = arguments.context
    settings.n_parallel = arguments.parallel
    settings.cpuparams.n_threads = arguments.threads
    settings.cpuparams_batch.n_threads = arguments.threads
    settings.use_jinja = True  # OpenAI's `tools` need it
    if arguments.chat_template:
        settings.chat_template = arguments.chat_template.read_text()
    settings.warmup = True
    settings.ui = False
    settings.cors_origins = ""  # no web page has business here
    server = xllamacpp.Server(settings)
    print("listening on", server.listening_address, flush=True)
    signal.sigwait(stops)


if __name__ == "__main__":
    main()
