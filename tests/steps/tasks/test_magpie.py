"""Magpie: the model writes both sides; which LLMs can, what they are sent, and what becomes of it."""

import random

import pytest

from distilabel.exceptions import DistilabelUserError
from distilabel.llms import MixtureOfAgentsLLM, OpenAILLM
from distilabel.models.llms.magpie import add_pre_query, check_magpie, pre_query_of
from distilabel.steps.base import validate_step
from distilabel.steps.tasks import Magpie, MagpieGenerator
from distilabel.steps.tasks.magpie.conversation import MULTI_TURN

from .scripted import ScriptedLLM, failure_of, run

USER = "<|start_header_id|>user<|end_header_id|>\n\n"


class RawLLM(ScriptedLLM):
    """Sends raw text by a small chat template of its own; says how many messages of each role it has seen."""

    use_magpie_template: bool = False
    magpie_pre_query_template: str | None = None
    raw: list[str] = []  # noqa: RUF012 - pydantic copies it

    def generate(self, inputs, num_generations=1):
        self.calls.append(inputs)
        return [self._output(self._said(chat), num_generations) for chat in inputs]

    def _said(self, chat):
        rendered = "".join(f"<{message['role']}>{message['content']}" for message in chat)
        self.raw.append(add_pre_query(rendered, chat, self))
        return self.answer(self.raw[-1]) if self.answer else f"message {len(chat)}"


def raw(answer=None, **fields):
    return RawLLM(
        **{"answer": answer, "use_magpie_template": True, "magpie_pre_query_template": "llama3", **fields}
    )


def contents(conversation):
    return [(message["role"], message["content"]) for message in conversation]


class TestLLMs:
    @pytest.mark.parametrize(
        "llm",
        [
            OpenAILLM(model="m", api_key="k"),
            ScriptedLLM(),
            MixtureOfAgentsLLM(aggregator_llm=raw(), proposers_llms=[raw()]),
        ],
    )
    @pytest.mark.parametrize("make", [Magpie, lambda **fields: MagpieGenerator(num_rows=1, **fields)])
    def test_llm_that_sends_chats_is_refused_when_the_task_is_made(self, llm, make):
        with pytest.raises(DistilabelUserError, match="needs an LLM that sends raw text") as reported:
            make(llm=llm)
        assert "Use an LLM with the field `use_magpie_template`, such as ClientvLLM." in str(reported.value)

    @pytest.mark.parametrize("fields", [{"use_magpie_template": False}, {"magpie_pre_query_template": None}])
    def test_llm_that_is_not_set_to_is_reported_how(self, fields):
        with pytest.raises(
            DistilabelUserError, match="use_magpie_template=True and magpie_pre_query_template='llama3'"
        ):
            Magpie(llm=raw(**fields))

    def test_template_is_a_family_or_the_text_itself(self):
        check_magpie(raw(), "m")
        assert pre_query_of(raw(magpie_pre_query_template="qwen2")) == "<|im_start|>user\n"
        assert pre_query_of(raw(magpie_pre_query_template="[USER] ")) == "[USER] "

    def test_text_begins_once_and_a_chat_that_ends_with_the_user_is_left_alone(self):
        llm, chat = raw(), [{"role": "assistant", "content": "x"}]
        assert add_pre_query("", [], llm) == "<|begin_of_text|>" + USER
        assert add_pre_query("<|begin_of_text|>x", chat, llm) == "<|begin_of_text|>x" + USER
        assert add_pre_query("x", [{"role": "user", "content": "x"}], llm) == "x"
        assert add_pre_query("x", chat, raw(use_magpie_template=False)) == "x"


class TestMessages:
    def test_instruction_comes_from_nothing_and_the_answer_from_the_instruction(self):
        llm = raw(lambda text: " What? \n" if text.endswith(USER) else "That.")
        task = Magpie(name="m", llm=llm)
        validate_step(task)
        (row,) = run(task, [{"id": 1}])
        assert (row["id"], row["instruction"], row["response"]) == (1, "What?", "That.")
        assert llm.raw == ["<|begin_of_text|>" + USER, "<user>What?"]
        assert set(row) == {"id", "instruction", "response", "model_name", "distilabel_metadata"}
        assert row["distilabel_metadata"]["raw_output_m"] == [" What? \n", "That."]
        assert row["distilabel_metadata"]["statistics_m"] == {"input_tokens": 20, "output_tokens": 2}

    def test_instruction_alone(self):
        llm = raw()
        (row,) = run(Magpie(llm=llm, only_instruction=True), [{}])
        assert (row["instruction"], len(llm.calls)) == ("message 0", 1)
        assert "response" not in row

    def test_conversation_of_several_turns_has_a_system_prompt_that_is_kept_if_wanted(self):
        (row,) = run(Magpie(llm=raw(), n_turns=2), [{}])
        assert contents(row["conversation"]) == [
            ("user", "message 1"), ("assistant", "message 2"), ("user", "message 3"), ("assistant", "message 4"),
        ]  # fmt: skip
        (row,) = run(Magpie(llm=raw(), n_turns=2, include_system_prompt=True), [{}])
        assert contents(row["conversation"])[0] == ("system", MULTI_TURN)
        (row,) = run(Magpie(llm=raw(), n_turns=2, system_prompt="Be odd.", include_system_prompt=True), [{}])
        assert contents(row["conversation"])[0] == ("system", "Be odd.")

    def test_conversation_may_end_with_the_user(self):
        (row,) = run(Magpie(llm=raw(), n_turns=2, end_with_user=True), [{}])
        assert [role for role, _ in contents(row["conversation"])] == ["user", "assistant", "user"]

    def test_system_prompt_of_the_row_goes_first(self):
        llm = raw()
        rows = [{"system_prompt": "Mine."}, {"system_prompt": None}, {}]
        run(Magpie(llm=llm, system_prompt="Ours.", only_instruction=True), rows)
        assert [chat[0]["content"] for chat in llm.calls[0]] == ["Mine.", "Ours.", "Ours."]

    def test_failed_message_costs_its_row_alone_and_keeps_what_was_written(self):
        llm = raw(lambda text: "?" if text.endswith(USER) else None if "Odd" in text else " ")
        rows = run(Magpie(name="m", llm=llm), [{"system_prompt": "Odd"}, {}])
        assert [(row["instruction"], row["response"]) for row in rows] == [("?", None)] * 2
        assert [failure_of(row, "m")["code"] for row in rows] == ["no_generation", "unparseable_output"]
        assert failure_of(rows[1], "m")["message"].endswith("empty message for the assistant")
        (row,) = run(Magpie(name="m", llm=llm, n_turns=2), [{}])
        assert row["conversation"] is None

    def test_print_shows_the_system_prompt(self, capsys):
        Magpie(llm=raw(), system_prompt="Be odd.").print()
        assert "Be odd." in capsys.readouterr().out
        MagpieGenerator(llm=raw(), num_rows=1, system_prompt="Be even.").print()
        assert "Be even." in capsys.readouterr().out


class TestSystemPrompts:
    def test_list_is_picked_from(self):
        task = Magpie(llm=raw(), system_prompt=["a", "b", "c"])
        assert {task._pick_system_prompt(random.Random(i)).text for i in range(50)} == {"a", "b", "c"}

    def test_dict_tells_the_key_and_keeps_to_its_probabilities(self):
        prompts = {"often": ("a", 0.9), "rare": ("b", 0.1), "never": ("c", 0.0)}
        task = MagpieGenerator(
            llm=raw(), num_rows=300, system_prompt=prompts, only_instruction=True, batch_size=300
        )
        rows, _ = next(task.process())
        keys = [row["system_prompt_key"] for row in rows]
        assert task.outputs == ["instruction", "system_prompt_key", "model_name"]
        assert 240 < keys.count("often") < 300
        assert keys.count("often") + keys.count("rare") == 300
        sent = [chat[0]["content"] for chat in task.llm.calls[0]]
        assert sent == [prompts[key][0] for key in keys]

    def test_dict_without_probabilities_is_picked_from_evenly(self):
        task = Magpie(llm=raw(), system_prompt={"x": "a", "y": "b"})
        assert {task._pick_system_prompt(random.Random(i)).key for i in range(50)} == {"x", "y"}

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"system_prompt": {"x": ("a", 0.5), "y": ("b", 0.4)}}, "add up to 0.9: they must add up to 1"),
            ({"system_prompt": []}, "empty system_prompt"),
            ({"only_instruction": True, "n_turns": 2}, "leave n_turns at 1"),
            ({"end_with_user": True}, "only_instruction=True instead of end_with_user"),
        ],
    )
    def test_what_does_not_go_together_is_reported(self, fields, reason):
        with pytest.raises(DistilabelUserError, match=reason):
            Magpie(llm=raw(), **fields)


class TestGenerator:
    def test_rows_come_in_chunks_and_from_an_offset_they_are_the_same(self):
        prompts = {str(i): f"prompt {i}" for i in range(9)}

        def made(offset):
            task = MagpieGenerator(name="g", llm=raw(), num_rows=5, batch_size=2, system_prompt=prompts)
            return list(task.process(offset=offset))

        whole = made(0)
        assert [(len(rows), last) for rows, last in whole] == [(2, False), (2, False), (1, True)]
        assert made(2) == whole[1:]

    def test_number_of_rows_must_be_given(self):
        with pytest.raises(DistilabelUserError, match="lacks 'num_rows'"):
            validate_step(MagpieGenerator(llm=raw()))

    def test_more_than_one_generation_is_refused(self):
        with pytest.raises(DistilabelUserError, match="request more rows with `num_rows`"):
            MagpieGenerator(llm=raw(), num_rows=1, num_generations=2)
