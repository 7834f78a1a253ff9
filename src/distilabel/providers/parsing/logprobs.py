"""Reading log probabilities: each platform's shape becomes OpenAI's list of tokens.

Shapes: https://platform.openai.com/docs/api-reference/chat/object (`logprobs.content`),
https://platform.openai.com/docs/api-reference/completions/object (`tokens` and `token_logprobs`; the chats of Together
and Fireworks have them too, by their packages together 3.1 and fireworks-ai 1.2), and
https://ai.google.dev/api/generate-content (`logprobsResult`); read in November 2026.
"""

from itertools import zip_longest
from typing import Any

from distilabel.providers.parsing.json_values import as_dict, as_dicts, as_list

__all__ = ["google_logprobs", "openai_logprobs"]


def openai_logprobs(value: Any) -> list[dict[str, Any]]:
    """Read `logprobs` in the shape of chat completions or in the older one of completions; `[]` where there is none.

    Examples:
        >>> openai_logprobs({"tokens": ["Hi"], "token_logprobs": [-0.5], "top_logprobs": [{"Hi": -0.5, "Yo": -1.5}]})
        [{'token': 'Hi', 'logprob': -0.5, 'top_logprobs': [{'token': 'Hi', 'logprob': -0.5}, {'token': 'Yo', 'logprob': -1.5}]}]
    """
    given = as_dict(value)
    if given.get("content"):
        return as_dicts(given["content"])
    tokens, numbers, tops = (
        as_list(given.get(name)) for name in ("tokens", "token_logprobs", "top_logprobs")
    )
    return [
        _token(token, number, [{"token": t, "logprob": p} for t, p in as_dict(top).items()])
        for token, number, top in zip_longest(tokens, numbers[: len(tokens)], tops[: len(tokens)])
    ]


def google_logprobs(value: Any) -> list[dict[str, Any]]:
    """Read the `logprobsResult` of a candidate; `[]` where there is none."""
    given = as_dict(value)
    chosen, tops = as_dicts(given.get("chosenCandidates")), as_dicts(given.get("topCandidates"))
    return [
        _token(
            one.get("token"),
            one.get("logProbability"),
            [
                {"token": candidate.get("token"), "logprob": candidate.get("logProbability")}
                for candidate in as_dicts(as_dict(top).get("candidates"))
            ],
        )
        for one, top in zip_longest(chosen, tops[: len(chosen)])
    ]


def _token(token: Any, logprob: Any, tops: list[dict[str, Any]]) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "top_logprobs": tops}
