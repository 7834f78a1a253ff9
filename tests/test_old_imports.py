"""Old import paths: what people's scripts import is found, and is the very same thing."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from distilabel._compat.old_imports import OLD_MODULES

SRC = Path(__file__).parents[1] / "src"

PATHS = """
distilabel.llms.OpenAILLM distilabel.models.OpenAILLM
distilabel.llms.openai.OpenAILLM distilabel.models.OpenAILLM
distilabel.llms.base.LLM distilabel.models.LLM
distilabel.llms.base.AsyncLLM distilabel.models.AsyncLLM
distilabel.llms.typing.GenerateOutput distilabel.typing.GenerateOutput
distilabel.models.llms.OpenAILLM distilabel.models.OpenAILLM
distilabel.models.llms.openai.OpenAILLM distilabel.models.OpenAILLM
distilabel.models.llms.chat.ChatLLM distilabel.models.llms.openai.ChatLLM
distilabel.models.llms.azure.AzureOpenAILLM distilabel.models.llms.openai.AzureOpenAILLM
distilabel.models.llms.anyscale.AnyscaleLLM distilabel.models.llms.openai.AnyscaleLLM
distilabel.models.llms.fireworks.FireworksLLM distilabel.models.llms.openai.FireworksLLM
distilabel.models.llms.groq.GroqLLM distilabel.models.llms.openai.GroqLLM
distilabel.models.llms.ollama.OllamaLLM distilabel.models.llms.openai.OllamaLLM
distilabel.models.llms.together.TogetherLLM distilabel.models.llms.openai.TogetherLLM
distilabel.models.llms.compatible.OpenAICompatibleLLM distilabel.models.llms.openai.OpenAICompatibleLLM
distilabel.models.llms.base.AsyncLLM distilabel.models.AsyncLLM
distilabel.models.llms.typing.GenerateOutput distilabel.typing.GenerateOutput
distilabel.models.llms.typing.HiddenState distilabel.typing.HiddenState
distilabel.mixins.runtime_parameters.RuntimeParameter distilabel.steps.RuntimeParameter
distilabel.steps.base.RuntimeParameter distilabel.steps.RuntimeParameter
distilabel.steps.base.StepInput distilabel.steps.StepInput
distilabel.steps.base.GeneratorStep distilabel.steps.GeneratorStep
distilabel.steps.decorator.step distilabel.steps.step
distilabel.steps.typing.StepOutput distilabel.typing.StepOutput
distilabel.steps.typing.GeneratorStepOutput distilabel.typing.GeneratorStepOutput
distilabel.steps.typing.StepColumns distilabel.typing.StepColumns
distilabel.steps.generators.data.LoadDataFromDicts distilabel.steps.LoadDataFromDicts
distilabel.steps.generators.huggingface.LoadDataFromHub distilabel.steps.LoadDataFromHub
distilabel.steps.generators.huggingface.LoadDataFromDisk distilabel.steps.LoadDataFromDisk
distilabel.steps.generators.utils.make_generator_step distilabel.steps.make_generator_step
distilabel.steps.expand.ExpandColumns distilabel.steps.ExpandColumns
distilabel.steps.keep.KeepColumns distilabel.steps.KeepColumns
distilabel.steps.columns.keep.KeepColumns distilabel.steps.KeepColumns
distilabel.steps.columns.expand.ExpandColumns distilabel.steps.ExpandColumns
distilabel.steps.columns.combine.CombineOutputs distilabel.steps.CombineOutputs
distilabel.steps.columns.merge.MergeColumns distilabel.steps.MergeColumns
distilabel.steps.columns.group.GroupColumns distilabel.steps.GroupColumns
distilabel.steps.tasks.base.Task distilabel.steps.tasks.Task
distilabel.steps.tasks.base.GeneratorTask distilabel.steps.tasks.GeneratorTask
distilabel.steps.tasks.decorator.task distilabel.steps.tasks.task
distilabel.steps.tasks.text_generation.TextGeneration distilabel.steps.tasks.TextGeneration
distilabel.steps.tasks.typing.ChatType distilabel.typing.ChatType
distilabel.steps.tasks.typing.FormattedInput distilabel.typing.FormattedInput
distilabel.steps.tasks.structured_outputs.outlines.StructuredOutputType distilabel.typing.StructuredOutputType
distilabel.pipeline.local.Pipeline distilabel.pipeline.Pipeline
distilabel.pipeline.routing_batch_function.sample_n_steps distilabel.pipeline.sample_n_steps
distilabel.pipeline.routing_batch_function.routing_batch_function distilabel.pipeline.routing_batch_function
distilabel.steps.checkpointer.HuggingFaceHubCheckpointer distilabel.steps.HuggingFaceHubCheckpointer
distilabel.pipeline.typing.InputDataset distilabel.typing.InputDataset
distilabel.distiset.create_distiset distilabel.distiset.create_distiset
distilabel.errors.DistilabelUserError distilabel.exceptions.DistilabelUserError
distilabel.utils.requirements.requirements distilabel.steps.requirements
"""
# Public scripts on GitHub were looked through for `from distilabel.` (November 2026).


def thing(path: str) -> object:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("pair", [line for line in PATHS.split("\n") if line])
def test_old_path_leads_to_the_thing_itself(pair: str):
    old, new = pair.split()
    assert thing(old) is thing(new)


def test_saved_pipeline_that_names_a_class_by_its_old_module_is_loaded():
    from distilabel.models import GroqLLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration

    with Pipeline(name="p") as pipeline:
        rows = LoadDataFromDicts(data=[{"instruction": "Hi"}])
        rows >> TextGeneration(name="task", llm=GroqLLM(model="m"))
    saved = json.dumps(pipeline.dump())
    now = '"module": "distilabel.models.llms.openai", "name": "GroqLLM"'
    assert now in saved

    loaded = Pipeline.from_dict(json.loads(saved.replace(now, now.replace("openai", "groq"))))

    assert type(loaded.dag.steps["task"].llm) is GroqLLM


@pytest.mark.parametrize("old", OLD_MODULES)
def test_alias_is_importable_reachable_by_attributes_and_hides_no_file(old: str):
    code = f"""
import {old}, {old} as by_name
assert {old} is by_name
"""
    exec(code, {})
    path = SRC.joinpath(*old.split("."))
    assert not path.exists()
    assert not path.with_suffix(".py").exists()


def test_names_of_packages_are_what_they_were_after_every_module_was_imported():
    """Python sets a module as an attribute of its package, where a class or function may have the same name."""
    code = """
import importlib, pkgutil, types
import distilabel
from distilabel._compat.old_imports import OLD_MODULES

modules = [module.name for module in pkgutil.walk_packages(distilabel.__path__, "distilabel.")]
packages = [importlib.import_module(name) for name in [*modules, *OLD_MODULES]]
public = [(package, name) for package in packages for name in getattr(package, "__all__", ())]
hidden = [f"{package.__name__}.{name}" for package, name in public if isinstance(getattr(package, name), types.ModuleType)]
assert len(public) > 1000 and not hidden, hidden
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_module_that_never_was_is_missing():
    with pytest.raises(ModuleNotFoundError, match=r"distilabel\.steps\.generators\.nothing"):
        importlib.import_module("distilabel.steps.generators.nothing")


def test_name_that_is_not_there_is_an_import_error():
    with pytest.raises(ImportError, match="cannot import name 'Nothing'"):
        exec("from distilabel.steps.generators.data import Nothing")


def test_no_warning_is_shown():
    code = "from distilabel.llms.openai import OpenAILLM; import distilabel.steps.generators.data"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_own_part_with_runtime_parameters_has_the_old_methods():
    from distilabel.mixins.runtime_parameters import RuntimeParameter, RuntimeParametersMixin

    class Part(RuntimeParametersMixin):
        size: RuntimeParameter[int] = 3

    part = Part()
    part.set_runtime_parameters({"size": 5, "sise": 7})
    assert part.size == 5
    assert part.runtime_parameters_names == {"size": True}
    assert part.get_runtime_parameters_info() == [{"name": "size", "optional": True}]


@pytest.mark.parametrize(
    ("value", "is_chat"),
    [
        ([{"role": "user", "content": "Hi"}], True),
        ([{"role": "system", "content": ""}, {"role": "user", "content": [{"type": "text", "text": "a"}]}], True),
        (None, False),
        ([], False),
        ("Hi", False),
        ([{"role": "narrator", "content": "Hi"}], False),
        ([{"role": "user"}], False),
        ([1], False),
    ],
)  # fmt: skip
def test_chat_is_distinguished_from_other_values(value: object, is_chat: bool):
    from distilabel.utils.chat import is_openai_format

    assert is_openai_format(value) is is_chat
