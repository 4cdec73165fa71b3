"""Certificates for 127.0.0.1, made by the openssl program."""

from __future__ import annotations

import socket
import ssl
import subprocess
from pathlib import Path


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate with this common name, and its key."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


def context_for(*certificates: Path) -> ssl.SSLContext:
    """Trusts these and nothing else."""
    context = ssl.create_default_context(cadata="".join(path.read_text() for path in certificates))
    return context


def shown_name(port: int, context: ssl.SSLContext) -> str:
    """The common name of the certificate that is shown to a new connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            certificate = secure.getpeercert()
    assert certificate is not None
    return {name: value for parts in certificate["subject"] for name, value in parts}["commonName"]
