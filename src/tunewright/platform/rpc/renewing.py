"""A gRPC server's certificate, read again whenever somebody connects."""

from __future__ import annotations

import grpc
import structlog

from tunewright.core.errors import InvalidSpec
from tunewright.platform.rpc.tls import CERTIFICATE, CLIENT_CA, KEY, Tls, read_pem

log = structlog.get_logger()


def server_credentials(tls: Tls) -> grpc.ServerCredentials:
    """Return what gRPC serves with; files that are renewed hold from the next connection on. Raises InvalidSpec."""
    tls.check()
    files = _Files(tls)
    return grpc.dynamic_ssl_server_credentials(files.read(), files.renewed, tls.client_ca is not None)


class _Files:
    """The files as they were read last."""

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self._last: tuple[bytes, bytes, bytes | None] | None = None
        self._told = ""
        """Why they could not be read, as far as that is in the log."""

    def read(self) -> grpc.ServerCertificateConfiguration | None:
        """Return what is new since the last time; None: nothing. Raises InvalidSpec."""
        tls = self._tls
        authority = read_pem(CLIENT_CA, tls.client_ca) if tls.client_ca else None
        now = read_pem(KEY, tls.key), read_pem(CERTIFICATE, tls.certificate), authority
        if now == self._last:
            return None
        self._last = now
        return grpc.ssl_server_certificate_configuration([now[:2]], authority)

    def renewed(self) -> grpc.ServerCertificateConfiguration | None:
        """Return what is new, at each handshake. gRPC goes on with what it has where the new does not fit together."""
        try:
            found, why = self.read(), ""
        except InvalidSpec as error:
            found, why = None, str(error)
        if why and why != self._told:
            log.warning("certificate not read again", error=why)
        self._told = why
        return found
