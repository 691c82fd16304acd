"""Read W&B's own file of a run: records in LevelDB's log format, behind a header of seven bytes."""

import struct
from collections.abc import Iterator
from pathlib import Path

from wandb.proto.wandb_internal_pb2 import Record

BLOCK = 32768
HEADER = 7
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


def read_records(path: Path) -> Iterator[Record]:
    """The records of a `.wandb` file (https://github.com/google/leveldb/blob/main/doc/log_format.md)."""
    content = path.read_bytes()
    assert content[:4] == b":W&B"
    position, parts = HEADER, b""
    while position < len(content):
        left = BLOCK - position % BLOCK
        if left < HEADER:  # what no header fits into is left empty
            position += left
            continue
        _, length, kind = struct.unpack_from("<IHB", content, position)
        part = content[position + HEADER : position + HEADER + length]
        position += HEADER + length
        parts = part if kind in {FULL, FIRST} else parts + part
        if kind in {FULL, LAST}:
            yield Record.FromString(parts)
