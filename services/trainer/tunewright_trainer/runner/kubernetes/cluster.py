"""The few requests that are made of a cluster's API, as plain objects; by kubernetes-asyncio.

Its client brings the kubeconfig, the service account's token that changes every hour, and TLS. Its methods for single
kinds are not used: the one for logs lacks `sinceTime`, and thousands of models would be built for three fields.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, cast

import aiohttp

from tunewright.core.errors import InvalidSpec
from tunewright_trainer.runner.kubernetes.manifests import CONTAINER, Manifest
from tunewright_trainer.runner.kubernetes.settings import KubernetesSettings

REQUEST_S: Final = 30.0
LIST_S: Final = 240
"""How long a watch goes on before it begins anew with a list: what it may have missed is then found."""
FOLLOW_S: Final = 900.0
"""Likewise for a log: a connection that died without a word is noticed by nothing else."""
CONNECT_S: Final = 10.0
KINDS: Final = {
    "jobs": "/apis/batch/v1",
    "networkpolicies": "/apis/networking.k8s.io/v1",
    "pods": "/api/v1",
    "services": "/api/v1",
}
AWAY: Final = (aiohttp.ClientError, TimeoutError, ConnectionError)
"""How a request ends that the API did not answer."""
TRY_AGAIN: Final = frozenset({401, 408, 425, 429})
"""A token that has just lapsed, too many requests: as well as whatever is the server's own fault."""


class ApiError(Exception):
    """The API has answered that it does not do it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{message} ({status})")
        self.status, self.message = status, message

    @property
    def is_final(self) -> bool:
        """The same request would get the same answer."""
        return 400 <= self.status < 500 and self.status not in TRY_AGAIN  # HTTP's own ranges


class Cluster:
    """One namespace of a cluster. `close` it."""

    def __init__(self, settings: KubernetesSettings) -> None:
        self._settings = settings
        self._client: Any = None

    async def _connected(self) -> Any:  # the library has no types
        if self._client is None:
            from kubernetes_asyncio import client, config  # a second's work, of an extra

            configuration = client.Configuration()
            try:
                if self._settings.kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
                    config.load_incluster_config(configuration)  # type: ignore[no-untyped-call]
                else:
                    await config.load_kube_config(
                        config_file=str(self._settings.kubeconfig) if self._settings.kubeconfig else None,
                        context=self._settings.context or None,
                        client_configuration=configuration,
                    )
            except config.ConfigException as error:
                remedy = "Run the trainer in the cluster with its service account, or name a kubeconfig."
                raise InvalidSpec("kubeconfig", str(error), remedy) from None
            configuration.connection_pool_maxsize = 0  # each log that is followed holds one
            self._client = client.ApiClient(configuration)
        return self._client

    async def create(self, kind: str, manifest: Manifest) -> None:
        """Make an object, or find it made. Raises ApiError, and what AWAY lists."""
        try:
            await self._answer("POST", kind, body=manifest)
        except ApiError as error:
            if error.status != 409:  # it is there
                raise

    async def get(self, kind: str, name: str) -> Manifest | None:
        try:
            return await self._answer("GET", kind, name)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def find(self, kind: str, selector: str) -> Manifest:
        return await self._answer("GET", kind, query={"labelSelector": selector})

    async def delete(self, kind: str, name: str, **options: object) -> None:
        """Delete an object, if it is there. `options`: gracePeriodSeconds, propagationPolicy."""
        try:
            await self._answer("DELETE", kind, name, body={"apiVersion": "v1", "kind": "DeleteOptions", **options})
        except ApiError as error:
            if error.status != 404:
                raise

    async def let_go(self, pod: str, finalizer: str) -> None:
        """Take one finalizer off a pod, if it is there."""
        patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": [finalizer]}}
        try:
            await self._answer("PATCH", "pods", pod, body=patch, content="application/strategic-merge-patch+json")
        except ApiError as error:
            if error.status != 404:
                raise

    async def watch(self, kind: str, selector: str, version: str) -> AsyncGenerator[Manifest, None]:
        """Yield events {type, object} until the API or LIST_S ends it."""
        query = {
            "labelSelector": selector,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(LIST_S),
        }
        limits = aiohttp.ClientTimeout(total=LIST_S + REQUEST_S, sock_connect=CONNECT_S)
        async with self._response("GET", kind, query=query, limits=limits) as response:
            head = b""
            async for chunk in response.content.iter_any():
                *lines, head = (head + chunk).split(b"\n")
                for line in lines:
                    if line:
                        yield json.loads(line)

    async def log(self, pod: str, since_s: int, *, follow: bool) -> AsyncGenerator[bytes, None]:
        """Yield a container's log, timestamps on, from a time on, Unix seconds, whole; 0: from its beginning."""
        query = {"container": CONTAINER, "timestamps": "true"}
        if follow:
            query["follow"] = "true"
        if since_s:
            query["sinceTime"] = f"{datetime.fromtimestamp(since_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
        limits = aiohttp.ClientTimeout(total=FOLLOW_S if follow else None, sock_connect=CONNECT_S)
        if not follow:
            limits = aiohttp.ClientTimeout(sock_read=REQUEST_S, sock_connect=CONNECT_S)
        async with self._response("GET", "pods", f"{pod}/log", query=query, limits=limits) as response:
            async for chunk in response.content.iter_any():
                yield chunk

    async def _answer(
        self,
        method: str,
        kind: str,
        name: str = "",
        *,
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        content: str = "application/json",
    ) -> Manifest:
        limits = aiohttp.ClientTimeout(total=REQUEST_S, sock_connect=CONNECT_S)
        async with self._response(method, kind, name, query, body, content, limits) as response:
            return cast(Manifest, json.loads(await response.read()))

    @asynccontextmanager
    async def _response(
        self,
        method: str,
        kind: str,
        name: str = "",
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        content: str = "application/json",
        limits: aiohttp.ClientTimeout | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        client = await self._connected()
        path = f"{KINDS[kind]}/namespaces/{self._settings.namespace}/{kind}" + (f"/{name}" if name else "")
        response = await client.call_api(
            path,
            method,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json, */*", "Content-Type": content},
            body=body,
            auth_settings=["BearerToken"],
            _preload_content=False,
            _request_timeout=limits,
        )
        async with response:
            if not response.ok:
                raise ApiError(response.status, _message(await response.read()) or response.reason)
            yield response

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None


def _message(body: bytes) -> str:
    """Return what a Status object says."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return ""
