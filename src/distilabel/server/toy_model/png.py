"""A small PNG file of one colour, written by hand: the toy paints, and needs no package for it.

Format: https://www.w3.org/TR/png-3/
"""

import struct
import zlib

SIDE = 8


def square(colour: bytes) -> bytes:
    r"""A square of a colour, given as three bytes: red, green and blue.

    Examples:
        >>> square(b"\xff\x00\x00")[:8]
        b'\x89PNG\r\n\x1a\n'
    """
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    rows = (b"\0" + colour * SIDE) * SIDE
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
