"""Documented clients for Node, run by the Node and with the `ws` package that come with playwright."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import playwright

SCRIPTS = Path(__file__).parent / "documented"
DOCUMENTED = "wss://api.openai.com/v1/realtime?model=gpt-realtime"
_DRIVER = Path(playwright.__file__).parent / "driver"
_IMPORT = 'import WebSocket from "ws";'
# Playwright has the package in a bundle of its own.
_BUNDLED = """\
import {{ createRequire }} from "node:module";
const WebSocket = createRequire(import.meta.url)({bundle}).ws;"""


def run_node(name: str, url: str, key: str, folder: Path) -> list[dict[str, Any]]:
    """Runs a script, unchanged but for the URL, until it ends; returns the events that it printed."""
    text = (SCRIPTS / f"{name}.mjs").read_text()
    assert DOCUMENTED in text
    bundle = json.dumps(str(_DRIVER / "package/lib/utilsBundle.js"))
    script = folder / f"{name}.mjs"
    script.write_text(text.replace(DOCUMENTED, url).replace(_IMPORT, _BUNDLED.format(bundle=bundle)))
    done = subprocess.run(
        [str(_DRIVER / "node"), str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"OPENAI_API_KEY": key},
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
