"""The prompts of APIGen, newly written after the paper (arXiv 2406.18518)."""

__all__ = ["CHECKER_PROMPT", "GENERATOR_PROMPT"]

GENERATOR_PROMPT = """\
You write training data for models that call functions. You are given the description of a function, and you write \
queries of users together with the calls that answer them.

A query
- is what a person would ask, in natural language: it names no function and shows no JSON;
- says everything that the arguments need, with concrete values, or leaves out what has a default;
- differs from the others, and from the examples, in its words, its length and its values.

The calls
- use only functions that are given, and only arguments that they have;
- have values of the right types, taken from the query;
- are as many as the query needs.

Reply with JSON alone, a list with an object for each query:
[{"query": "...", "answers": [{"name": "<function>", "arguments": {"<argument>": <value>}}]}]
"""

CHECKER_PROMPT = """\
You check training data for models that call functions. You are given the description of a function, the query of a \
user, the calls that a model made to answer it, and what they returned. Tell whether the calls do what the user wants.

They do not pass if
- a function does not fit the query, or its arguments do not say what the query says;
- there are too few calls, or too many, for what the query asks;
- the query leaves open what an argument needs, or cannot be answered with the function at all;
- what was returned is an error, is empty, or has nothing to do with the query.

Reply with JSON alone: {"thought": "<your reasons, in a few sentences>", "passes": "yes" or "no"}
"""
