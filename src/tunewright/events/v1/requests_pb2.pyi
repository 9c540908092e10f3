from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Doorbell(_message.Message):
    __slots__ = ("pool", "trainer_id")
    POOL_FIELD_NUMBER: _ClassVar[int]
    TRAINER_ID_FIELD_NUMBER: _ClassVar[int]
    pool: str
    trainer_id: str
    def __init__(self, pool: _Optional[str] = ..., trainer_id: _Optional[str] = ...) -> None: ...
