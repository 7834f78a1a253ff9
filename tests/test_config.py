"""What Step, LLM and Pipeline share."""

import enum
import inspect
import json
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Optional

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, SecretStr

from distilabel import config
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError

HERE = ("distilabel", __name__)


class Colour(enum.Enum):
    RED = "red"


class Answer(BaseModel):
    name: str


def shorten(text: str) -> str:
    return text[:3]


class Engine(BaseModel):
    """An engine.

    Attributes:
        model: Which model.
        url: Where it is,
            as an address.
    """

    model_config = ConfigDict(validate_assignment=True, extra="forbid")
    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"timeout"})

    model: str = "m"
    url: Optional[RuntimeParameter[str]] = None
    api_key: Optional[RuntimeParameter[SecretStr]] = None
    options: dict[str, Any] = Field(default_factory=dict)
    timeout: float = 1.0
    generation_kwargs: RuntimeParameter[dict[str, Any]] = Field(default_factory=dict)

    def generate(self, prompt: str, *, temperature: float = 1.0, **kwargs: Any) -> str:
        """Answer.

        Args:
            prompt: What is asked.
            temperature: How wild.
            kwargs: Anything else.
        """

    def generation_parameters(self) -> dict[str, inspect.Parameter]:
        return {k: p for k, p in inspect.signature(self.generate).parameters.items() if k == "temperature"}


class Strict(Engine):
    """An engine that refuses what it does not know.

    Attributes:
        api_key, generation_kwargs: What it was given,
            and nothing else.
        url: See `Engine`.
    """

    def generation_parameters(self) -> dict[str, inspect.Parameter]:
        parameters = inspect.signature(self.generate).parameters
        return {name: parameter for name, parameter in parameters.items() if name != "kwargs"}


class Car(BaseModel):
    model_config = ConfigDict(validate_assignment=True, extra="forbid")
    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"colour"})

    name: str = "car"
    engine: Engine = Field(default_factory=Engine)
    spare: list[Engine] = Field(default_factory=list)
    seats: RuntimeParameter[PositiveInt] = Field(default=None, description="How many.")
    doors: RuntimeParameter[int] = 4
    colour: Colour = Colour.RED
    data: list[int] = Field(default_factory=list, exclude=True)
    function: Any = None
    column_mappings: dict[str, str] = Field(default_factory=dict)


class Bus(Car):
    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"doors"})


class TestDump:
    def test_each_model_says_where_its_class_is(self):
        plain = config.dump(Car(spare=[Engine()]))
        assert plain["type_info"] == {"module": __name__, "name": "Car"}
        assert plain["engine"]["type_info"]["name"] == "Engine"
        assert plain["spare"][0]["type_info"]["name"] == "Engine"

    def test_no_secret_is_written_wherever_it_stands(self):
        options = {
            "Authorization": "hush",
            "X-Api-Key": "hush",
            "nested": {"HF_TOKEN": "hush"},
            "Cookie": "hush",
        }
        pairs = {
            "pairs": [("authorization", "hush")],
            "secret": SecretStr("hush"),
            "url": "https://me:hush@a.b/c",
        }
        engine = Engine(
            api_key="hush", url="https://me:hush@a.b", options={**options, **pairs, "Accept": "*"}
        )
        written = json.dumps(config.dump(Car(engine=engine)))
        assert "hush" not in written
        assert '"Accept"' in written

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("default_headers", {"X-Team": "hush"}),
            ("extra_headers", [("X-Team", "hush")]),
            ("storage_options", {"a": {"b": "hush"}, "c": ["hush"]}),
            ("cookies", {"session": "hush"}),
            ("api_base", "https://a.b/v1?x=hush"),
            ("data_files", {"train": ["zip://a::https://me:hush@a.b/c?x=hush"]}),
            ("text", "https://a.b/c?X-Amz-Signature=hush"),
            ("text", "https://a.b/c?sig=hush#hush"),
            ("text", "postgresql://me:hush@a.b/c?password=hush"),
        ],
    )
    def test_credential_under_any_name_is_not_written(self, name, value):
        for options in ({name: value}, {"deeper": [{name: value}]}):
            assert "hush" not in json.dumps(config.dump(Engine(options=options)))

    def test_what_only_resembles_a_credential_is_written(self):
        options = {
            "headers": {"type": "string", "description": "A property of a schema."},
            "prompt": "https://a.b/watch?v=1",
            "text": "See https://a.b/c?key=1 and https://a.b/d.",
            "data_files": "s3://a/b-?.jsonl",
        }
        assert config.dump(Engine(options=options))["options"] == options

    def test_that_a_key_is_missing_is_not_written_either(self):
        assert "api_key" not in config.dump(Engine())

    def test_generation_arguments_about_tokens_are_no_secrets(self):
        plain = config.dump(Engine(options={"max_new_tokens": 5, "stop_token": "</s>"}))
        assert plain["options"] == {"max_new_tokens": 5, "stop_token": "</s>"}

    def test_column_named_token_is_no_secret(self):
        assert config.dump(Car(column_mappings={"token": "word"}))["column_mappings"] == {"token": "word"}

    def test_excluded_field_is_not_written(self):
        assert "data" not in config.dump(Car(data=[1]))

    def test_class_becomes_its_schema_and_function_its_place(self):
        plain = config.dump(Engine(options={"schema": Answer, "function": shorten}))
        assert plain["options"]["schema"] == Answer.model_json_schema()
        assert plain["options"]["function"] == {"module": __name__, "name": "shorten"}

    def test_dump_survives_json_and_yaml(self):
        values = {
            "path": Path("a"),
            "set": {2, 1},
            "enum": Colour.RED,
            "tuple": (1, 2),
            3: "three",
            "raw": b"\x00",
        }
        plain = config.dump(Car(function=[values, partial(shorten, "x")]))
        assert json.loads(json.dumps(plain)) == plain
        assert yaml.safe_load(yaml.safe_dump(plain)) == plain


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["a", "é\u2028", ""]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["k", "max_tokens"]), inner, max_size=2)
    ),
    max_leaves=8,
)


class TestLoad:
    @given(options=st.dictionaries(st.text("abc", min_size=1), PLAIN), seats=st.none() | st.integers(1, 9))
    def test_what_was_dumped_comes_back(self, options, seats):
        car = Car(engine=Strict(options=options), seats=seats, spare=[Engine(model="x")])
        again = config.load(json.loads(json.dumps(config.dump(car))), allow=HERE)
        assert again == car
        assert type(again.engine) is Strict

    def test_function_comes_back(self):
        assert config.load(config.dump(Car(function=shorten)), allow=HERE).function is shorten

    def test_class_outside_of_the_allowed_packages_is_refused_with_the_way_to_allow_it(self):
        package = __name__.partition(".")[0]
        with pytest.raises(DistilabelUserError, match=rf'allow=\("distilabel", "{package}"\)'):
            config.load(config.dump(Car()))

    def test_package_whose_name_merely_begins_alike_is_refused(self):
        with pytest.raises(DistilabelUserError, match="not in an allowed package"):
            config.load({"type_info": {"module": "distilabel_evil", "name": "X"}})

    @pytest.mark.parametrize("name", ["inspect.os.system", "importlib.import_module", "Any"])
    def test_what_an_allowed_module_has_merely_imported_is_refused(self, name):
        with pytest.raises(DistilabelUserError):
            config.load({"module": "distilabel.config.parameters", "name": name})

    def test_function_where_a_class_is_wanted_is_refused(self):
        with pytest.raises(DistilabelUserError, match="is not a class of steps"):
            config.load({"type_info": {"module": "distilabel.config.dump", "name": "dump"}})

    def test_class_that_is_gone_is_named(self):
        with pytest.raises(DistilabelUserError, match=r"'distilabel.typing.Gone' does not exist"):
            config.load({"type_info": {"module": "distilabel.typing", "name": "Gone"}})

    def test_class_made_inside_of_a_function_asks_to_be_moved(self):
        class Local(BaseModel):
            pass

        with pytest.raises(DistilabelUserError, match="move it to the top"):
            config.load(config.dump(Local()), allow=HERE)

    def test_object_without_a_written_form_is_named(self):
        plain = config.dump(Car(function=object()))
        with pytest.raises(DistilabelUserError, match="set it in Python code"):
            config.load(plain, allow=HERE)

    def test_class_in_a_module_that_we_do_not_have_is_found_by_its_name(self):
        place = {"module": "distilabel.steps.generators.huggingface", "name": "LoadDataFromHub"}
        found = config.load({"type_info": place, "name": "hub", "repo_id": "me/mine"})
        assert (type(found).__name__, found.repo_id) == ("LoadDataFromHub", "me/mine")

    @pytest.mark.parametrize("module", ["distilabel.llms.gone", "distilabel.steps"])
    def test_class_that_exists_nowhere_is_named_with_its_module(self, module):
        with pytest.raises(DistilabelUserError, match=rf"'{module}\.X' does not exist"):
            config.load({"type_info": {"module": module, "name": "X"}})

    def test_remarks_and_unset_fields_of_another_version_are_passed_over(self):
        plain = {**config.dump(Car()), "runtime_parameters_info": [{"name": "seats"}], "of_old": None}
        assert config.load(plain, allow=HERE) == Car()
        with pytest.raises(DistilabelUserError, match="of_old"):
            config.load({**plain, "of_old": 3}, allow=HERE)

    def test_fields_that_do_not_fit_are_one_kind_sentence(self):
        plain = {**config.dump(Car()), "seats": -1}
        with pytest.raises(DistilabelUserError, match="Car does not accept what the file says"):
            config.load(plain, allow=HERE)


_ALIASES = "a0: &a0 [1]\n" + "\n".join(f"a{i}: &a{i} [{f'*a{i - 1}, ' * 9}]" for i in range(1, 10))
_MERGES = f"a: &a {{{', '.join(f'k{i}: 1' for i in range(2_000))}}}\nb: {{<<: [{'*a, ' * 2_000}]}}"


class TestDocuments:
    @pytest.mark.parametrize("ending", ["json", "yaml"])
    def test_what_was_written_is_read(self, tmp_path, ending):
        path = tmp_path / "new" / f"plain.{ending}"
        config.write_document({"b": 1, "a": ["é"]}, path, ending)
        assert list(config.read_document(path).items()) == [("b", 1), ("a", ["é"])]

    @pytest.mark.parametrize(
        ("name", "text"), [("a.json", "{"), ("a.yml", "a: ["), ("a.txt", ""), ("a.yaml", None)]
    )
    def test_file_that_cannot_be_read_is_named(self, tmp_path, name, text):
        if text is not None:
            (tmp_path / name).write_text(text)
        with pytest.raises(DistilabelUserError, match=name):
            config.read_document(tmp_path / name)

    @pytest.mark.parametrize(
        ("name", "text", "reason"),
        [
            ("deep.json", "[" * 100_000, "nested more than 64 levels deep"),
            ("deep.json", "[" * 100 + "]" * 100, "nested more than 64 levels deep"),
            ("deep.yaml", "[" * 2_000 + "]" * 2_000, "nested more than 64 levels deep"),
            ("deep.yaml", "- " * 100 + "a", "nested more than 64 levels deep"),
            ("loop.yaml", "&a [*a]", "nested more than 64 levels deep"),
            ("loop.yaml", "&a {<<: *a}", "nested more than 64 levels deep"),
            ("bomb.yaml", _ALIASES, "aliases make it many times larger"),
            ("bomb.yaml", _MERGES, "aliases make it many times larger"),
            ("bomb.yaml", f"a: &a {'x' * 5_000}\nb: [{'*a, ' * 5_000}]", "aliases make it many times larger"),
        ],
    )  # fmt: skip
    def test_bomb_is_one_sentence(self, tmp_path, name, text, reason):
        (tmp_path / name).write_text(text)
        with pytest.raises(DistilabelUserError, match=rf"{name} is not valid .*{reason}"):
            config.read_document(tmp_path / name)

    def test_file_without_an_end_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setitem(config.read_document.__globals__, "_LARGEST", 1000)
        (tmp_path / "a.json").symlink_to("/dev/zero")
        with pytest.raises(DistilabelUserError, match="more than 1,000 characters"):
            config.read_document(tmp_path / "a.json")

    def test_aliases_and_merged_mappings_of_usual_size_are_read(self, tmp_path):
        (tmp_path / "a.yaml").write_text(
            "a: &a {x: 1, y: [2]}\nb: [*a, *a]\nc: {<<: *a, x: 3}\nd: {<<: [*a, {z: 4}]}"
        )
        assert config.read_document(tmp_path / "a.yaml") == {
            "a": {"x": 1, "y": [2]}, "b": [{"x": 1, "y": [2]}] * 2, "c": {"x": 3, "y": [2]}, "d": {"x": 1, "y": [2], "z": 4},
        }  # fmt: skip

    def test_unknown_format_is_refused(self, tmp_path):
        with pytest.raises(DistilabelUserError, match="Unknown format 'toml'"):
            config.write_document({}, tmp_path / "x", "toml")


class TestSignature:
    def test_is_the_same_for_equal_models_and_another_for_others(self):
        assert config.signature(Car()) == config.signature(Car())
        assert config.signature(Car()) != config.signature(Car(doors=5))
        assert config.signature(Car()) != config.signature(Car(engine=Engine(model="n")))

    def test_excluded_fields_do_not_count_even_nested_or_named_by_a_base(self):
        assert config.signature(Car()) == config.signature(Car(engine=Engine(timeout=9)))
        assert config.signature(Bus()) == config.signature(Bus(doors=9, engine=Engine(timeout=9)))
        assert config.signature(Bus()) != config.signature(Bus(seats=9))

    def test_key_and_module_do_not_count(self):
        moved = type(Engine)("Engine", (Engine,), {"__module__": "elsewhere", "__qualname__": "Engine"})
        assert config.signature(Engine()) == config.signature(moved(api_key="k"))

    def test_order_of_keys_does_not_count(self):
        one, two = Engine(options={"a": 1, "b": 2}), Engine(options={"b": 2, "a": 1})
        assert config.signature(one) == config.signature(two)

    def test_functions_count_by_their_code(self):
        first, second = Car(function=lambda x: x + 1), Car(function=lambda x: x + 2)
        assert config.signature(first) != config.signature(second)


def _class_from(text: str) -> type:
    names: dict[str, Any] = {"Car": Car, "__name__": "made"}
    exec(text, names)
    return names["Made"]


class TestCodeDigest:
    def test_class_of_the_library_has_none(self):
        assert config.code_digest(BaseModel) == ""

    def test_users_class_has_one_that_changes_with_its_code(self):
        assert config.code_digest(Car) == config.code_digest(Car) != ""
        assert config.code_digest(Car) != config.code_digest(Bus)

    def test_code_without_source_counts_by_what_was_compiled(self):
        text = "class Made:\n    def f(self, x):\n        return [x + {n} for x in {{1, 2}}]\n"
        assert config.code_digest(_class_from(text.format(n=1))) == config.code_digest(
            _class_from(text.format(n=1))
        )
        assert config.code_digest(_class_from(text.format(n=1))) != config.code_digest(
            _class_from(text.format(n=2))
        )


class TestRuntimeParameters:
    def test_names_tell_what_may_stay_unset(self):
        assert config.runtime_parameters(Car(spare=[Engine()])) == {
            "engine": {"url": True, "api_key": True, "generation_kwargs": {"temperature": True}},
            "spare": {"0": {"url": True, "api_key": True, "generation_kwargs": {"temperature": True}}},
            "seats": False,
            "doors": True,
        }

    def test_missing_ones_are_named_with_dots(self):
        car = Car(engine=Strict(), spare=[Strict(generation_kwargs={"prompt": "p"}), Strict()])
        wanted = ["engine.generation_kwargs.prompt", "spare.1.generation_kwargs.prompt", "seats"]
        assert config.missing_runtime_parameters(car) == wanted
        assert config.missing_runtime_parameters(Car(seats=2)) == []

    def test_variadic_arguments_are_never_missing(self):
        class Open(Engine):
            def generation_parameters(self):
                return dict(inspect.signature(self.generate).parameters)

        assert config.missing_runtime_parameters(Open(generation_kwargs={"prompt": "x"})) == []

    def test_nested_ones_are_set_and_generation_arguments_merged(self):
        car = Car(engine=Engine(generation_kwargs={"temperature": 0.1}), spare=[Engine()])
        given_ = {
            "seats": 3,
            "engine": {"url": "u", "generation_kwargs": {"temperature": 0.5}},
            "spare": {0: {"url": "v"}},
        }
        assert config.set_runtime_parameters(car, given_) == []
        assert (car.seats, car.engine.url, car.spare[0].url) == (3, "u", "v")
        assert car.engine.generation_kwargs == {"temperature": 0.5}

    def test_unknown_names_are_left_alone_and_told_with_a_hint(self):
        car = Car(spare=[Engine()])
        given_ = {"sets": 3, "engine": {"generation_kwargs": {"temprature": 1}}, "spare": {"7": {}}, "zzz": 1}
        message = " ".join(config.set_runtime_parameters(car, given_))
        assert "did you mean 'seats'?" in message
        assert "did you mean 'temperature'?" in message
        assert "'7'" in message
        assert "it has 'engine', 'spare', 'seats', 'doors'." in message
        assert car == Car(spare=[Engine()])

    def test_any_argument_suits_an_llm_that_takes_any(self):
        class Open(Engine):
            def generation_parameters(self):
                return dict(inspect.signature(self.generate).parameters)

        engine = Open()
        assert config.set_runtime_parameters(engine, {"generation_kwargs": {"anything": 1}}) == []
        assert engine.generation_kwargs == {"anything": 1}

    def test_value_that_does_not_suit_is_one_kind_sentence(self):
        with pytest.raises(
            DistilabelUserError, match="`seats` of Car 'car' cannot be -1: Input should be greater than 0"
        ):
            config.set_runtime_parameters(Car(), {"seats": -1})

    def test_whatever_is_wrong_is_reported_with_the_way_to_it(self):
        car = Car(name="mine", spare=[Engine()])
        given_ = {"engine": {"ulr": 1}, "spare": [{"generation_kwargs": {"temprature": 1}}]}
        assert config.set_runtime_parameters(car, given_) == [
            "Car 'mine'.engine has no runtime parameter 'ulr'; did you mean 'url'?",
            "Car 'mine'.spare.0.generation_kwargs has no runtime parameter 'temprature'; did you mean 'temperature'?",
        ]
        with pytest.raises(DistilabelUserError, match=r"`url` of Car 'mine'\.spare\.0 cannot be 5"):
            config.set_runtime_parameters(car, {"spare": [{"url": 5}]})

    def test_value_of_a_secret_is_not_reported(self):
        with pytest.raises(
            DistilabelUserError, match="`api_key` of Engine cannot be what was given"
        ) as message:
            config.set_runtime_parameters(Engine(), {"api_key": ["hunter2"]})
        assert message.value.__cause__ is None

    @pytest.mark.parametrize(
        "params", [3, {"engine": 3}, {"engine": {"generation_kwargs": 3}}, {"spare": 3}, {"spare": {0: 3}}]
    )
    def test_parameters_that_are_no_mapping_are_refused(self, params):
        with pytest.raises(DistilabelUserError, match="mapping"):
            config.set_runtime_parameters(Car(spare=[Engine()]), params)

    def test_info_of_what_is_described_together_or_elsewhere(self):
        info = {entry["name"]: entry.get("description") for entry in config.runtime_parameters_info(Strict())}
        assert info["api_key"] == "What it was given, and nothing else."
        assert info["url"] == "Where it is, as an address."

    def test_info_takes_descriptions_from_fields_and_docstrings(self):
        info = {entry["name"]: entry for entry in config.runtime_parameters_info(Car())}
        assert info["seats"] == {"name": "seats", "optional": False, "description": "How many."}
        engine = {entry["name"]: entry for entry in info["engine"]["runtime_parameters_info"]}
        assert engine["url"] == {
            "name": "url",
            "optional": True,
            "description": "Where it is, as an address.",
        }
        assert engine["generation_kwargs"]["keys"] == [
            {"name": "temperature", "optional": True, "description": "How wild."},
        ]
