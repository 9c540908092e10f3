"""A certificate for this machine that signs itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tunewright.platform.rpc.tls import Tls


def certificate_in(folder: Path) -> Tls:
    """Make one in a folder."""
    openssl = shutil.which("openssl")
    assert openssl is not None, "openssl makes the certificate"
    made = Tls(folder / "certificate.pem", folder / "key.pem")
    names = ["-subj", "/CN=tunewright", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    keys = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files = ["-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run([openssl, "req", "-x509", *keys, *names, *files], check=True, capture_output=True)
    return made
