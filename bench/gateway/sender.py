"""Requests signed as boto3 signs them, over connections that are kept, one to a thread."""

from __future__ import annotations

import http.client
import json
import math
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any, Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

MEDIA_TYPE: Final = "application/x-amz-json-1.1"
IDLE_S: Final = 2.0
"""A server may close a connection on which nothing has been sent for so long."""
DROPPED: Final = 599
"""What is counted where the connection ended without an answer."""
OF_THE_MODEL: Final = " detected: "

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    tree: Tree

    @property
    def code(self) -> str:
        return str(self.tree.get("__type", "")) if self.status >= 400 else ""

    @property
    def is_of_the_model(self) -> bool:
        """Whether it is refused for what botocore's model says of it, and not for what it asks."""
        return self.code == "SerializationException" or OF_THE_MODEL in str(self.tree.get("message"))


class Sender:
    def __init__(self, address: str, key: str, secret: str) -> None:
        self._address = address
        self._signer = SigV4Auth(Credentials(key, secret), "sagemaker", "local")
        self._threads = threading.local()
        self._opened: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        for connection in self._opened:
            connection.close()

    def send(self, operation: str, body: bytes) -> Answer:
        request = AWSRequest("POST", f"http://{self._address}/", self._headers(operation), body)
        request.headers["amz-sdk-invocation-id"] = str(uuid.uuid4())
        self._signer.add_auth(request)
        connection = self._connection()
        try:
            connection.request("POST", "/", body, dict(request.headers))
            answer = connection.getresponse()
            read = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return Answer(DROPPED, {"__type": "Dropped", "message": repr(error)})
        return Answer(answer.status, json.loads(read or b"{}"))

    def must(self, operation: str, tree: Tree) -> Tree:
        """Return the members of an answer. Raises RuntimeError: it is refused."""
        answer = self.send(operation, json.dumps(tree).encode())
        if answer.status != 200:
            raise RuntimeError(f"{operation}: {answer}")
        return answer.tree

    def names(self, operation: str) -> list[str]:
        """Return the names of all that an operation lists, page by page."""
        found: list[str] = []
        token: Tree = {}
        while True:
            page = self.must(operation, {"MaxResults": 100} | token)
            for summaries in page.values():
                if isinstance(summaries, list):
                    found += [item.get("TrainingJobName") or item["HyperParameterTuningJobName"] for item in summaries]
            if "NextToken" not in page:
                return found
            token = {"NextToken": page["NextToken"]}

    def _headers(self, operation: str) -> dict[str, str]:
        return {"Host": self._address, "Content-Type": MEDIA_TYPE, "X-Amz-Target": f"SageMaker.{operation}"}

    def _connection(self) -> http.client.HTTPConnection:
        now = time.monotonic()
        if now - getattr(self._threads, "used", -math.inf) > IDLE_S:
            self._threads.connection = http.client.HTTPConnection(self._address, timeout=30)
            self._opened.append(self._threads.connection)
        self._threads.used = now
        connection: http.client.HTTPConnection = self._threads.connection
        return connection
