"""gRPC: one way to build a server, one way to open a channel, one table from errors to codes."""

from typing import Final

MAX_MESSAGE_BYTES: Final = 64 * 2**20
OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.so_reuseport", 0),
)
