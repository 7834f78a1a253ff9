"""The tasks themselves: TextGeneration, ChatGeneration and `@task`."""

import pytest

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.base import validate_step
from distilabel.steps.tasks import ChatGeneration, Task, TextGeneration, task

from .fakes import EchoLLM


def asked(step, row):
    return step.format_input(row)


class TestTextGeneration:
    def test_instruction_is_asked_as_it_is(self):
        text = "{{ not a template }} <b>é</b>\n"
        chat = asked(TextGeneration(llm=EchoLLM()), {"instruction": text})
        assert chat == [{"role": "user", "content": text}]

    def test_system_prompt_of_the_row_goes_before_that_of_the_task(self):
        step = TextGeneration(llm=EchoLLM(), system_prompt="Be kind.")
        assert asked(step, {"instruction": "a"})[0] == {"role": "system", "content": "Be kind."}
        own = asked(step, {"instruction": "a", "system_prompt": "Be brief."})
        assert own[0] == {"role": "system", "content": "Be brief."}
        assert asked(step, {"instruction": "a", "system_prompt": None})[0]["content"] == "Be kind."

    def test_template_may_use_several_columns(self):
        template = "{% for t in texts %}{{ t }};{% endfor %}{{ ask }}"
        step = TextGeneration(llm=EchoLLM(), template=template, columns=["texts", "ask"])
        validate_step(step)
        assert step.inputs == {"texts": True, "ask": True, "system_prompt": False}
        assert asked(step, {"texts": ["a", "b"], "ask": "?"})[-1]["content"] == "a;b;?"

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"template": "{{ a }}"}, r"uses 'a': write columns=\['a', 'instruction'\]"),
            ({"columns": ["instruction", "b"]}, "does not use the column 'b': write {{ b }} into it"),
            ({"template": "{{ instruction"}, "is not valid Jinja2"),
        ],
    )
    def test_template_that_does_not_fit_its_columns_is_reported_at_once(self, fields, reason):
        with pytest.raises(DistilabelUserError, match=reason):
            TextGeneration(llm=EchoLLM(), **fields)

    def test_template_changed_later_is_checked_before_the_run(self):
        step = TextGeneration(llm=EchoLLM())
        step.template = "{{ other }}"
        with pytest.raises(DistilabelUserError, match="uses 'other'"):
            validate_step(step)

    def test_row_that_lacks_a_column_is_reported(self):
        with pytest.raises(DistilabelUserError, match="cannot be filled in: 'instruction' is undefined"):
            asked(TextGeneration(llm=EchoLLM()), {"prompt": "a"})

    def test_template_cannot_reach_into_python(self):
        step = TextGeneration(llm=EchoLLM(), template="{{ instruction.__class__.__mro__ }}")
        with pytest.raises(DistilabelUserError, match="cannot be filled in"):
            asked(step, {"instruction": "a"})

    @pytest.mark.parametrize("value", [5, float("nan"), ["a"], {"a": 1}])
    def test_default_question_must_be_a_text(self, value):
        with pytest.raises(
            DistilabelUserError, match="and not a text: turn it into one, or say in `template`"
        ):
            asked(TextGeneration(llm=EchoLLM()), {"instruction": value})

    @pytest.mark.parametrize("value", [None, float("nan"), ["a", None]])
    def test_no_template_writes_down_that_there_is_nothing(self, value):
        step = TextGeneration(llm=EchoLLM(), template="On {{ x }}: {{ n }}", columns=["x", "n"])
        assert asked(step, {"x": 5, "n": ["a"]})[-1]["content"] == "On 5: ['a']"
        (row,) = next(step.process([{"x": value, "n": 1}]))
        assert row["generation"] is None
        assert "is None, or holds None" in row["distilabel_metadata"]["failure_text_generation_0"]["message"]

    def test_system_prompt_that_is_no_text_gives_way_to_that_of_the_task(self):
        step = TextGeneration(llm=EchoLLM(), system_prompt="Be kind.")
        row = {"instruction": "a", "system_prompt": float("nan")}
        assert asked(step, row)[0] == {"role": "system", "content": "Be kind."}

    def test_chat_in_a_column_is_led_to_chat_generation(self):
        with pytest.raises(DistilabelUserError, match="holds a chat: use ChatGeneration"):
            asked(TextGeneration(llm=EchoLLM()), {"instruction": [{"role": "user", "content": "a"}]})

    def test_print_shows_what_would_be_asked(self, capsys):
        TextGeneration(name="t", llm=EchoLLM(), system_prompt="Be [kind].").print()
        shown = capsys.readouterr().out
        assert "Be [kind]." in shown
        assert "<INSTRUCTION>" in shown
        TextGeneration(llm=EchoLLM()).print({"instruction": "mine"})
        assert "mine" in capsys.readouterr().out


class TestChatGeneration:
    def test_conversation_goes_on(self):
        chat = [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
        ]
        step = ChatGeneration(llm=EchoLLM())
        validate_step(step)
        (row,) = next(step.process([{"messages": chat}]))
        assert row["generation"] == "c!0"

    @pytest.mark.parametrize("messages", [None, "a", [], [{"role": "user"}], ["a"]])
    def test_what_is_no_conversation_is_reported(self, messages):
        with pytest.raises(DistilabelUserError, match="list of dicts with `role` and `content`"):
            asked(ChatGeneration(llm=EchoLLM()), {"messages": messages})

    def test_assistant_must_not_have_the_last_word(self):
        with pytest.raises(DistilabelUserError, match="must be the user's"):
            asked(ChatGeneration(llm=EchoLLM()), {"messages": [{"role": "assistant", "content": "a"}]})

    def test_print_shows_a_placeholder(self, capsys):
        ChatGeneration(llm=EchoLLM()).print()
        assert "<MESSAGE>" in capsys.readouterr().out


@task(inputs=["country", "year"], outputs=["capital"])
def Capital(output, input):
    """
    ---
    system_prompt: You know the world of {year}.
    user_message_template: |
        Which is the capital of {country}? Answer like {{"capital": ...}}.
    ---
    """  # noqa: D212 - the form that the decorator wants
    return {"capital": output.upper(), "asked": input["country"]}


class TestTaskDecorator:
    def test_function_and_docstring_make_a_task(self):
        step = Capital(llm=EchoLLM())
        assert isinstance(step, Task)
        assert step.name == "capital_0"
        validate_step(step)
        assert asked(step, {"country": "Peru {x}", "year": 1900}) == [
            {"role": "system", "content": "You know the world of 1900."},
            {"role": "user", "content": 'Which is the capital of Peru {x}? Answer like {"capital": ...}.\n'},
        ]
        (row,) = next(step.process([{"country": "Peru", "year": 1}]))
        assert (row["capital"][:5], row["asked"], row["model_name"]) == ("WHICH", "Peru", "echo")

    def test_row_without_a_value_for_the_question_is_not_asked_about(self):
        step = Capital(name="c", llm=EchoLLM())
        rows = next(
            step.process([{"country": None, "year": 1}, {"year": 1}, {"country": "Peru", "year": 1900}])
        )
        assert [row["capital"] is None for row in rows] == [True, True, False]
        failures = [row["distilabel_metadata"]["failure_c"] for row in rows[:2]]
        assert [failure["code"] for failure in failures] == ["missing_input"] * 2

    def test_optional_column_that_is_none_cannot_be_written_down(self):
        def Hint(output, input):
            """
            ---
            system_prompt: Be brief.
            user_message_template: "{question} ({hint})"
            ---
            """  # noqa: D212, D415 - the form that the decorator wants
            return {"answer": output}

        step = task(inputs={"question": True, "hint": False}, outputs=["answer"])(Hint)(llm=EchoLLM())
        with pytest.raises(DistilabelUserError, match="The column 'hint' is None or not in the row"):
            asked(step, {"question": "Why?", "hint": None})

    @pytest.mark.parametrize(
        ("docstring", "reason"),
        [
            (None, "must hold YAML with system_prompt and user_message_template"),
            ("---\nsystem_prompt: a\n---\n", "must hold YAML"),
            ("---\nsystem_prompt: [a\n---\n", "is not valid YAML"),
            ("---\nsystem_prompt: a\nuser_message_template: say {b}\n---\n", "add 'b' to `inputs`"),
            ("---\nsystem_prompt: a\nuser_message_template: say {a.real}\n---\n", "add 'a.real' to `inputs`"),
            ("---\nsystem_prompt: a\nuser_message_template: say {\n---\n", "write {{ and }} for braces"),
        ],
    )
    def test_docstring_of_another_form_is_reported_when_the_module_is_read(self, docstring, reason):
        def RunFailed(output, input):
            return {}

        RunFailed.__doc__ = docstring
        with pytest.raises(DistilabelUserError, match=reason):
            task(inputs=["a"])(RunFailed)
