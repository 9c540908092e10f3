"""gRPC: one way to build a server, one way to open a channel, one table from errors to codes."""

import json
from typing import Final

DOMAIN: Final = "tunewright.dev"
"""Of our errors in a status."""

FOR: Final = "tunewright-for"
"""Metadata by which a service of ours names the owner for whom it asks …"""
SCOPES: Final = "tunewright-scopes"
"""… and what that one may, with spaces between."""

MAX_MESSAGE_BYTES: Final = 64 * 2**20
OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.so_reuseport", 0),
)

# A peer that is stopped but not dead keeps its connections open: only unanswered pings tell. Calls go to all replicas
# in turn, so that one that is away costs one call in so many until its pings tell.
PING_EVERY_MS: Final = 3_000
PING_WITHIN_MS: Final = 2_000
CLIENT_OPTIONS: Final = (
    *OPTIONS,
    ("grpc.enable_http_proxy", 0),  # gRPC would send even 127.0.0.1, and the token, through the proxy of http_proxy
    ("grpc.keepalive_time_ms", PING_EVERY_MS),
    ("grpc.keepalive_timeout_ms", PING_WITHIN_MS),
    ("grpc.http2.ping_timeout_ms", PING_WITHIN_MS),  # what really ends the connection, a minute by default
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.dns_min_time_between_resolutions_ms", 2_000),
    ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
)
SERVER_OPTIONS: Final = (
    *OPTIONS,
    # Callers look names up when a connection ends: without an age they would never find a replica that is added. Calls
    # under way on an old connection go on for as long as they take.
    ("grpc.max_connection_age_ms", 300_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", PING_EVERY_MS // 2),
    ("grpc.http2.max_ping_strikes", 0),
)
