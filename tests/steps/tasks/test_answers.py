"""What tasks make of answers of the field: thinking, cut answers, tool calls, padding of Arrow, and answers that are missing."""

import logging
from typing import Any

import httpx2
import pytest

from distilabel.models import AnthropicLLM, GeminiLLM, MixtureOfAgentsLLM, OpenAILLM
from distilabel.models.llms.thinking import split_thinking
from distilabel.steps import FormatChatGenerationDPO, FormatChatGenerationSFT
from distilabel.steps.tasks import (
    ChatGeneration,
    ComplexityScorer,
    EvolInstruct,
    QualityScorer,
    StructuredGeneration,
    TextGeneration,
    UltraFeedback,
)
from distilabel.testing import FunctionLLM

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": null}'}}


def llm(
    message: dict[str, Any], finish: str = "stop", seen: list[Any] | None = None, **more: Any
) -> OpenAILLM:
    """Return an LLM that always answers with a message; the requests are appended to `seen`."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        if seen is not None:
            import json

            seen.append(json.loads(request.content))
        choice = {"message": {"role": "assistant", **message}, "finish_reason": finish}
        return httpx2.Response(200, json={"id": "r", "choices": [choice], "usage": {}})

    return OpenAILLM(model="m", api_key="sk-1", transport=httpx2.MockTransport(respond), **more)


def answered(task: Any, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    task.load()
    found = next(task.process([*rows]))
    task.unload()
    return found


class TestThinking:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("<think>a</think>b", ("a", "b")),
            ("\n<think>\na\n</think>\n\nb", ("a", "b")),
            ("<thinking>a</thinking>b", ("a", "b")),
            ("<think></think>b", ("", "b")),
            ("<think>a</think><think>c</think>b", ("a\nc", "b")),
            ("a</think>\nb", ("a", "b")),
            ("<think>a", ("a", "")),
            ("[THINK]a[/THINK]b", ("a", "b")),
            ("b", (None, "b")),
            ("1 < 2 [sic]", (None, "1 < 2 [sic]")),
            ("Write <think> first.", (None, "Write <think> first.")),
        ],
    )
    def test_thinking_is_split_from_the_answer(self, text: str, parts: tuple[str | None, str]):
        assert split_thinking(text) == parts

    def test_task_gets_the_answer_and_the_metadata_the_thinking(self):
        task = TextGeneration(name="t", llm=llm({"content": "<think>hm</think>Hello"}))
        (row,) = answered(task, {"instruction": "Hi"})
        assert row["generation"] == "Hello"
        assert row["distilabel_metadata"]["reasoning_t"] == "hm"

    def test_thinking_joins_what_the_platform_distinguished(self):
        message = {"content": "<think>more</think>Hello", "reasoning_content": "first"}
        (row,) = answered(TextGeneration(name="t", llm=llm(message)), {"instruction": "Hi"})
        assert row["distilabel_metadata"]["reasoning_t"] == "first\nmore"

    def test_it_stays_on_request(self):
        task = TextGeneration(name="t", llm=llm({"content": "<think>hm</think>Hello"}), keep_thinking=True)
        (row,) = answered(task, {"instruction": "Hi"})
        assert row["generation"] == "<think>hm</think>Hello"

    def test_thinking_is_not_carried_into_the_next_prompt(self):
        prompts: list[str] = []

        def evolve(chat: Any) -> str:
            prompts.append(chat[-1]["content"])
            return "<think>secret plan</think>A harder question about the moon"

        answered(EvolInstruct(llm=FunctionLLM(evolve), num_evolutions=2), {"instruction": "Hi"})
        assert len(prompts) == 2
        assert "secret plan" not in prompts[1]

    def test_proposals_of_a_mixture_have_none(self):
        seen: list[str] = []

        def combine(chat: Any) -> str:
            seen.append(str(chat))
            return "done"

        mixture = MixtureOfAgentsLLM(
            aggregator_llm=FunctionLLM(combine),
            proposers_llms=[FunctionLLM(lambda _: "<think>secret</think>proposal")],
            rounds=1,
        )
        answered(TextGeneration(llm=mixture), {"instruction": "Hi"})
        assert "proposal" in seen[-1]
        assert "secret" not in seen[-1]

    def test_default_of_the_option_is_no_part_of_the_signature(self):
        task = TextGeneration(name="t", llm=FunctionLLM(lambda _: ""))
        former = task.signature
        task.keep_thinking = True
        assert task.signature != former


class TestCutAnswers:
    def test_one_warning_counts_them_and_names_the_argument(self, caplog: pytest.LogCaptureFixture):
        task = TextGeneration(name="t", llm=llm({"content": "It is a"}, "length"))
        with caplog.at_level(logging.WARNING):
            rows = answered(task, {"instruction": "a"}, {"instruction": "b"})
        assert [row["generation"] for row in rows] == ["It is a"] * 2
        (message,) = [record.getMessage() for record in caplog.records]
        assert message.startswith(
            "Step 't': 2 of 2 answers were cut off by the limit of tokens; raise max_new_tokens"
        )

    def test_structure_that_was_cut_off_is_a_failure(self):
        schema = {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}
        task = TextGeneration(
            name="t", llm=llm({"content": '{"a": "cut he'}, "length", structured_output=schema)
        )
        (row,) = answered(task, {"instruction": "a"})
        assert row["generation"] == '{"a": "cut he'
        assert row["distilabel_metadata"]["failure_t"]["code"] == "length"

    def test_answer_that_cannot_be_parsed_because_it_was_cut_off_says_so(self):
        task = UltraFeedback(name="t", llm=llm({"content": "[Text 1]\nRati"}, "length"))
        (row,) = answered(task, {"instruction": "a", "generations": ["b"]})
        assert row["distilabel_metadata"]["failure_t"]["code"] == "length"

    @pytest.mark.parametrize(("finish", "code"), [("length", "length"), ("content_filter", "content_filter")])
    def test_empty_answer_is_a_failure_with_its_reason(self, finish: str, code: str):
        task = TextGeneration(name="t", llm=llm({"content": ""}, finish))
        (row,) = answered(task, {"instruction": "a"})
        assert row["distilabel_metadata"]["failure_t"]["code"] == code


class TestToolCalls:
    def test_answer_that_is_a_tool_call_is_no_failure_and_is_in_a_column(self):
        task = ChatGeneration(name="t", llm=llm({"content": None, "tool_calls": [CALL]}, "tool_calls"))
        (row,) = answered(task, {"messages": [{"role": "user", "content": "Hi"}]})
        assert row["llm_t_tool_calls"] == [{"id": "c1", "name": "f", "arguments": '{"a": null}'}]
        assert "failure_t" not in row["distilabel_metadata"]

    def test_conversation_keeps_whole_messages_and_ends_with_the_call(self):
        messages = [
            {"role": "user", "content": "Hi", "tool_calls": None},
            {"role": "assistant", "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": "5", "tool_calls": None},
        ]
        calls = [{"id": "c2", "name": "g", "arguments": "{}"}]
        step = FormatChatGenerationSFT(input_mappings={"tool_calls": "llm_t_tool_calls"})
        rows = [{"messages": messages, "generation": None, "llm_t_tool_calls": calls}]
        (row,) = next(step.process_applying_mappings(rows))
        assert row["messages"] == [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": "5"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}}
                ],
            },
        ]

    def test_preference_pairs_keep_whole_messages(self):
        messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": [CALL]}]
        messages.append({"role": "tool", "tool_call_id": "c1", "content": "5"})
        row = {"messages": messages, "generations": ["a", "b"], "ratings": [5, 1]}
        (made,) = next(FormatChatGenerationDPO().process([row]))
        assert made["chosen"][1]["tool_calls"] == [CALL]

    @pytest.mark.parametrize("cls", [OpenAILLM, AnthropicLLM, GeminiLLM])
    def test_message_with_calls_needs_no_content(self, cls: Any):
        chat = [{"role": "user", "content": "w"}, {"role": "assistant", "tool_calls": [CALL]}]
        chat.append({"role": "tool", "tool_call_id": "c1", "content": "sun"})
        task = ChatGeneration(name="t", llm=cls(model="m", api_key="k"))
        body = task.llm.request(task._formatted_input({"messages": chat}))
        assert "None" not in str(body.get("messages", [{}])[-1])
        assert "f" in str(body)


class TestPadding:
    def test_keys_that_arrow_added_are_not_sent(self):
        seen: list[Any] = []
        messages = [
            {"role": "user", "tool_calls": None, "name": None, "content": [
                {"type": "text", "text": "Hi", "image_url": None},
                {"type": "image_url", "text": None, "image_url": {"url": "https://h/a.png", "detail": None}},
            ]},
        ]  # fmt: skip
        answered(ChatGeneration(llm=llm({"content": "ok"}, seen=seen)), {"messages": messages})
        assert seen[0]["messages"] == [
            {"role": "user", "content": [
                {"type": "text", "text": "Hi"},
                {"type": "image_url", "image_url": {"url": "https://h/a.png"}},
            ]},
        ]  # fmt: skip

    def test_null_that_is_a_value_of_the_schema_stays(self):
        schema = {
            "type": "object",
            "properties": {
                "a": {"enum": [None, "x"], "const": None, "items": None},
                "b": None,
                "c": {"const": None, "type": "null"},
            },
            "required": None,
        }
        task = StructuredGeneration(llm=llm({"content": "{}"}))
        row = {"instruction": "a", "structured_output": {"format": "json", "schema": schema}}
        _, structure = task._formatted_input(row)
        assert structure["schema"] == {
            "type": "object",
            "properties": {"a": {"enum": [None, "x"]}, "c": {"const": None, "type": "null"}},
        }

    def test_arguments_of_a_call_keep_their_nulls(self):
        call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": {"a": None}}}
        chat = [
            {"role": "user", "content": "w"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
        ]
        chat.append({"role": "tool", "tool_call_id": "1", "content": "sun"})
        formatted = ChatGeneration(llm=llm({"content": ""}))._formatted_input({"messages": chat})
        assert formatted[1]["tool_calls"][0]["function"]["arguments"] == {"a": None}


class TestMissingGenerations:
    def test_those_that_are_there_are_judged(self):
        judge = FunctionLLM(
            lambda _: (
                "#### Output for Text 1\nRating: 5\nRationale: good\n\n### Text 2\nRating: 3\nRationale: fair"
            )
        )
        (row,) = answered(UltraFeedback(llm=judge), {"instruction": "q", "generations": ["a", None, "c"]})
        assert (row["ratings"], row["rationales"]) == ([5.0, None, 3.0], ["good", None, "fair"])

    def test_scorers_keep_the_places(self):
        judge = FunctionLLM(lambda _: "[1] Score: 4\n[2] Score: 2")
        (row,) = answered(QualityScorer(llm=judge), {"instruction": "q", "responses": [None, "b", "c"]})
        assert row["scores"] == [None, 4.0, 2.0]
        (row,) = answered(ComplexityScorer(llm=judge), {"instructions": ["a", "b", None]})
        assert row["scores"] == [4.0, 2.0, None]

    def test_none_at_all_is_not_sent(self):
        judge = FunctionLLM(lambda _: pytest.fail("nothing is there to be judged"))
        (row,) = answered(UltraFeedback(name="u", llm=judge), {"instruction": "q", "generations": [None]})
        assert row["distilabel_metadata"]["failure_u"]["code"] == "unformattable_input"


class TestTemplates:
    @staticmethod
    def prompt(template: str, columns: list[str], row: dict[str, Any]) -> str:
        task = TextGeneration(llm=FunctionLLM(lambda _: ""), template=template, columns=columns)
        task.load()
        return str(task.format_input(row)[-1]["content"])

    def test_keys_of_a_dict_come_before_its_methods(self):
        row = {"order": {"items": ["a", "b"], "values": 3}}
        assert self.prompt("{{ order.items }} {{ order.values }}", ["order"], row) == "['a', 'b'] 3"
        assert self.prompt("{{ order['items'] }}", ["order"], row) == "['a', 'b']"
        pairs = "{% for key, value in order.items() %}{{ key }}={{ value }} {% endfor %}"
        assert self.prompt(pairs, ["order"], {"order": {"a": 1}}) == "a=1 "

    @pytest.mark.parametrize("template", ["{{ order.items }}", "{{ order.keys }}", "{{ text.upper }}"])
    def test_function_is_refused(self, template: str):
        with pytest.raises(ValueError, match="prints the function"):
            self.prompt(template, [template[3:].partition(".")[0]], {"order": {"a": 1}, "text": "a"})

    def test_set_has_one_order(self):
        row = {"tags": {"b", "a", 3}, "more": {"deep": [{"z", "y"}]}}
        assert (
            self.prompt("{{ tags }} {{ more.deep }}", ["tags", "more"], row) == "[3, 'a', 'b'] [['y', 'z']]"
        )


def test_schema_that_strict_mode_cannot_express_is_one_warning_at_load(caplog: pytest.LogCaptureFixture):
    schema = {
        "type": "object",
        "properties": {"tags": {"type": "object", "additionalProperties": {"type": "string"}}},
    }
    model = llm({"content": "{}"}, structured_output={"schema": schema})
    with caplog.at_level(logging.WARNING):
        model.load()
    (message,) = [record.getMessage() for record in caplog.records]
    assert "without strict mode" in message
    assert "$.tags" in message
    caplog.clear()
    other = llm(
        {"content": "{}"},
        structured_output={"schema": {"type": "object", "properties": {"a": {"type": "string"}}}},
    )
    other.load()
    assert not caplog.records
