"""ICC profiles for tests, written byte by byte, and what they mean by the formula."""

import struct

import numpy as np

# Columns: red, green, blue in XYZ under D50 (Lindbloom, "RGB/XYZ Matrices", Bradford-adapted).
SRGB = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)
ADOBE = np.array(
    [
        [0.6097559, 0.2052401, 0.1492240],
        [0.3111242, 0.6256560, 0.0632197],
        [0.0194811, 0.0608902, 0.7448387],
    ]
)
D50 = (0.9642, 1.0, 0.8249)


def _fixed(value):
    return struct.pack(">i", round(value * 65536))


def _xyz(values):
    return b"XYZ \0\0\0\0" + b"".join(_fixed(v) for v in values)


def _curve(gamma):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def _text(name):
    ascii_name = name.encode() + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(ascii_name)) + ascii_name + bytes(8 + 3 + 67)


def _profile(space, tags):
    body, table = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for signature, data in tags:
        table += signature + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = start + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"\0" * 4, 0x02400000, b"mntr", space, b"XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    header += b"".join(_fixed(v) for v in D50)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def rgb_profile(columns, gamma, name="made for a test"):
    """A matrix profile; `columns` are the primaries in XYZ."""
    tags = [(b"desc", _text(name)), (b"wtpt", _xyz(D50))]
    for channel, column in zip((b"r", b"g", b"b"), columns.T, strict=True):
        tags += [(channel + b"XYZ", _xyz(column)), (channel + b"TRC", _curve(gamma))]
    return _profile(b"RGB ", tags)


def grey_profile(gamma, name="a grey one"):
    return _profile(b"GRAY", [(b"desc", _text(name)), (b"wtpt", _xyz(D50)), (b"kTRC", _curve(gamma))])


def in_srgb(pixels, columns, gamma):
    """What `pixels`, uint8 `[..., 3]`, are in sRGB, by the formula."""
    light = (pixels / 255) ** gamma @ columns.T @ np.linalg.inv(SRGB).T
    return encoded(light)


def encoded(light):
    """sRGB's curve (IEC 61966-2-1) over linear light."""
    light = light.clip(0, 1)
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return 255 * curve
