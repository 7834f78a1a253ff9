"""What is Groq's own: smaller files, and lists that are asked for without pages."""

from distilabel.providers.openai_family.groq import Groq
from distilabel.providers.registry import platform
from tests.fakes import drive, response


def test_limits_are_the_smallest_that_are_named():
    assert (Groq.limits.requests, Groq.limits.size) == (50_000, 100_000_000)


def test_list_is_asked_for_without_a_page_and_followed_where_there_are_more():
    page = {"data": [{"id": "b2"}], "has_more": True}
    (one, two), _ = drive(Groq().find(None), response(200, page), response(200, {"data": []}))
    assert (one.params, two.params) == ({}, {"after": "b2"})


def test_address_of_the_official_sdk_is_taken_too():
    assert platform("groq").address("https://api.groq.com") == "https://api.groq.com/openai/v1"
    assert platform("groq").address("http://127.0.0.1:1/v1") == "http://127.0.0.1:1/v1"
