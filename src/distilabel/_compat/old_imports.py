"""Import paths of distilabel 1.5 that have no file here, as aliases in `sys.modules`.

`from distilabel.steps.generators.data import LoadDataFromDicts` finds a module without code of its own. It looks each name
up in the package that defines it today, `distilabel.steps`. No import hook is installed.
"""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["OLD_MODULES", "install"]

_LLMS = """
    anthropic anyscale azure base cohere groq huggingface.inference_endpoints huggingface.transformers litellm llamacpp mistral
    mlx moa ollama openai together vertexai vllm
"""
_STEPS = """
    checkpointer combine deita expand keep popular_dpo truncate embeddings.embedding_generation embeddings.nearest_neighbour
    filtering.embedding formatting.dpo formatting.sft generators.data generators.data_sampler generators.huggingface
    generators.utils globals.huggingface
"""
_TASKS = "evol_instruct.base evol_instruct.generator evol_quality.base magpie.base magpie.generator"
# Modules of earlier releases of this package; saved pipelines name them.
_EMBEDDING_TASKS = """
    bitext_retrieval classification embedding_tasks long_matching monolingual_triplet retrieval short_matching
"""

OLD_MODULES: dict[str, str] = {
    **{f"distilabel.llms.{name}": "distilabel.models.llms" for name in _LLMS.split()},
    **{f"distilabel.embeddings.{name}": "distilabel.models.embeddings" for name in
       ("base", "llamacpp", "sentence_transformers", "vllm")},
    **{f"distilabel.steps.{name}": "distilabel.steps" for name in _STEPS.split()},
    **{f"distilabel.steps.tasks.{name}": "distilabel.steps.tasks" for name in _TASKS.split()},
    **{f"distilabel.steps.tasks.improving_text_embeddings.{name}": "distilabel.steps.tasks" for name in
       _EMBEDDING_TASKS.split()},
    **{f"distilabel.steps.tasks.structured_outputs.{name}": "distilabel.typing" for name in ("instructor", "outlines")},
    **{f"distilabel.{package}.mixins.{name}": "distilabel.models" for package in ("llms", "models")
       for name in ("cuda_device_placement", "magpie")},
    **{f"distilabel.{package}.typing": "distilabel.typing" for package in
       ("llms", "models.llms", "pipeline", "steps", "steps.tasks")},
    "distilabel.constants": "distilabel.typing",
    "distilabel.errors": "distilabel.exceptions",
    "distilabel.mixins.requirements": "distilabel.steps",
    "distilabel.mixins.runtime_parameters": "distilabel.config",
    "distilabel.models.llms.huggingface.inference_endpoints": "distilabel.models.llms",
    "distilabel.models.llms.huggingface.transformers": "distilabel.models.llms",
    "distilabel.models.llms.moa": "distilabel.models.llms",
    **{f"distilabel.models.llms.{name}": "distilabel.models.llms.openai" for name in
       ("anyscale", "azure", "chat", "compatible", "fireworks", "groq", "ollama", "together")},
    "distilabel.models.llms.vertexai": "distilabel.models.llms",
    "distilabel.pipeline.local": "distilabel.pipeline",
    "distilabel.pipeline.routing_batch_function": "distilabel.pipeline",
    "distilabel.utils.chat": "distilabel._compat.chat",
    "distilabel.utils.requirements": "distilabel.steps",
}  # fmt: skip
"""Old module: the package that defines its names today. None of the old modules has a file."""

_PACKAGES = {
    "distilabel.llms.huggingface": "distilabel.models.llms",
    "distilabel.models.llms.huggingface": "distilabel.models.llms",
    **dict.fromkeys(
        [
            *("distilabel.llms.mixins", "distilabel.models.mixins", "distilabel.mixins", "distilabel.utils"),
            *("distilabel.steps.globals", "distilabel.steps.tasks.evol_instruct"),
            *("distilabel.steps.tasks.evol_quality", "distilabel.steps.tasks.structured_outputs"),
        ],
        "",
    ),
}
"""Old packages without a file: the package that defines their names; "" where they only contain modules."""


def install() -> None:
    """Register an alias for each old module and package."""
    for name, package in {**OLD_MODULES, **_PACKAGES}.items():
        sys.modules.setdefault(name, _Alias(name, package))


class _Alias(ModuleType):
    """A module whose names are looked up in `package`."""

    def __init__(self, name: str, package: str) -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None, is_package=name in _PACKAGES)
        self.__package = package

    def __getattr__(self, name: str) -> Any:
        inner = sys.modules.get(f"{self.__name__}.{name}")
        if inner is not None:
            return inner
        if not self.__package or name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(import_module(self.__package), name)
