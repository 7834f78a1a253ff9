"""A small PNG file of one colour, made without an image library.

Format: https://www.w3.org/TR/png-3/
"""

import struct
import zlib

SIDE = 8


def png_of_colour(colour: bytes) -> bytes:
    r"""Return a PNG of one colour, given as three bytes: red, green and blue.

    Examples:
        >>> png_of_colour(b"\xff\x00\x00")[:8]
        b'\x89PNG\r\n\x1a\n'
    """
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    rows = (b"\0" + colour * SIDE) * SIDE
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
