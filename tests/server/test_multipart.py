"""The parser of multipart/form-data."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distilabel.server.multipart import MalformedError, Parser, Part


def parsed(
    body: bytes, cuts: list[int], content_type: str = "multipart/form-data; boundary=b"
) -> list[tuple[Part, bytes]]:
    parser = Parser(content_type)
    found: list[tuple[Part, bytes]] = []
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    for begin, end in pairwise(edges):
        for event in parser.feed(body[begin:end]):
            if isinstance(event, Part):
                found.append((event, b""))
            else:
                found[-1] = (found[-1][0], found[-1][1] + event.bytes)
    parser.close()
    return found


def form(*contents: bytes) -> bytes:
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="f%d"; filename="n"\r\n\r\n%b\r\n' % (at, content)
        for at, content in enumerate(contents)
    ]
    return b"preamble\r\n" * len(contents) + b"".join(parts) + b"--b--\r\nepilogue"


tricky = st.lists(st.sampled_from([b"\r", b"\n", b"-", b"b", b"x", b"\r\n--", b"\r\n-"]), max_size=12).map(
    b"".join
)


@given(contents=st.lists(tricky, max_size=3), cuts=st.lists(st.integers(min_value=0), max_size=6))
def test_parts_come_out_whole_however_the_body_is_cut(contents: list[bytes], cuts: list[int]):
    contents = [content for content in contents if b"\r\n--b" not in b"\r\n" + content + b"\r\n"]
    expected = [(Part(f"f{at}", "n"), content) for at, content in enumerate(contents)]
    assert parsed(form(*contents), cuts) == expected


def test_quoted_boundary_and_quoted_names_are_understood():
    body = b'--a b\r\ncontent-disposition: form-data; name="q"; filename="a\\"b%22c"\r\n\r\nx\r\n--a b--'
    (found,) = parsed(body, [], 'multipart/form-data; boundary="a b"')
    assert found == (Part("q", 'a"b"c'), b"x")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"--bx\r\n",
        b"--b\r\n\r\n\r\nno headers\r\n--b--",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--b--",
        b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nno end',
        b"--b\r\n" + b"x" * 20_000,
    ],
)
def test_malformed_body_is_refused(body: bytes):
    with pytest.raises(MalformedError):
        parsed(body, [])


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data"])
def test_body_of_another_type_is_refused(content_type: str):
    with pytest.raises(MalformedError):
        Parser(content_type)
