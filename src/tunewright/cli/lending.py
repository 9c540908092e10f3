"""`tunewright credentials`: what AWS's own clients need to find the embedded server and its keys."""

from __future__ import annotations

import shlex
from pathlib import Path

from tunewright.cli.serving import answers
from tunewright.client.address import find
from tunewright.core.errors import Unavailable
from tunewright.platform.credentials import FILE_NAME, default_data_dir, load


def print_exports(data_dir: Path | None) -> None:
    """Print lines for a shell. Raises: NotFound: the folder never had a server. Unavailable: it does not run."""
    folder = (data_dir or default_data_dir()).absolute()
    file = folder / FILE_NAME
    if not answers(find(folder)):
        raise Unavailable("the server", f"it does not run; start it with: tunewright local --data-dir {folder}")
    for line in exports(file, load(file).tunewright_http):
        print(line)


def exports(file: Path, http: str) -> list[str]:
    """Return the lines; what is taken away would go before the file."""
    url = http if "://" in http else f"http://{http}"
    return [
        "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE",
        f"export AWS_SHARED_CREDENTIALS_FILE={shlex.quote(str(file))}",
        f"export AWS_ENDPOINT_URL_SAGEMAKER={shlex.quote(url)}",
        "export AWS_DEFAULT_REGION=local",
    ]
