"""Doors for old import paths that have no file: a name is looked for in the room where it lives now.

`from distilabel.steps.generators.data import LoadDataFromDicts` is the import of a module that is not there; it is
answered with an empty module that finds `LoadDataFromDicts` in `distilabel.steps`. A module that is there goes first.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["OLD", "install"]

_LLMS = [
    "anthropic",
    "anyscale",
    "azure",
    "base",
    "cohere",
    "groq",
    "huggingface",
    "huggingface.inference_endpoints",
    "huggingface.transformers",
    "litellm",
    "llamacpp",
    "mistral",
    "mlx",
    "moa",
    "ollama",
    "openai",
    "together",
    "typing",
    "vertexai",
    "vllm",
]
_EMBEDDINGS = ["base", "llamacpp", "sentence_transformers", "vllm"]

OLD: dict[str, str] = {
    **{f"distilabel.llms.{name}": "distilabel.models.llms" for name in _LLMS},
    **{f"distilabel.models.llms.{name}": "distilabel.models.llms" for name in _LLMS},
    **{f"distilabel.embeddings.{name}": "distilabel.models.embeddings" for name in _EMBEDDINGS},
    **{f"distilabel.models.embeddings.{name}": "distilabel.models.embeddings" for name in _EMBEDDINGS},
    **dict.fromkeys(
        [
            *("distilabel.llms.mixins.cuda_device_placement", "distilabel.llms.mixins.magpie"),
            *("distilabel.models.mixins.cuda_device_placement", "distilabel.models.mixins.magpie"),
        ],
        "distilabel.models",
    ),
    **dict.fromkeys(
        [
            *("distilabel.steps.generators.data", "distilabel.steps.generators.data_sampler"),
            *("distilabel.steps.generators.huggingface", "distilabel.steps.generators.utils"),
            *("distilabel.steps.expand", "distilabel.steps.keep", "distilabel.steps.combine"),
            *(
                "distilabel.steps.globals.huggingface",
                "distilabel.steps.deita",
                "distilabel.steps.reward_model",
            ),
            *("distilabel.steps.truncate", "distilabel.steps.popular_dpo", "distilabel.steps.checkpointer"),
            *("distilabel.steps.argilla.base", "distilabel.steps.argilla.preference"),
            *("distilabel.steps.argilla.text_generation", "distilabel.steps.formatting.conversation"),
            *("distilabel.steps.formatting.dpo", "distilabel.steps.formatting.sft"),
            *("distilabel.steps.filtering.embedding", "distilabel.steps.filtering.minhash"),
            *(
                "distilabel.steps.embeddings.embedding_generation",
                "distilabel.steps.embeddings.nearest_neighbour",
            ),
            *("distilabel.steps.clustering.dbscan", "distilabel.steps.clustering.umap"),
        ],
        "distilabel.steps",
    ),
    **dict.fromkeys(
        [
            *("distilabel.steps.tasks.evol_instruct.base", "distilabel.steps.tasks.evol_instruct.generator"),
            *("distilabel.steps.tasks.evol_quality.base", "distilabel.steps.tasks.magpie.base"),
            *("distilabel.steps.tasks.magpie.generator", "distilabel.steps.tasks.structured_generation"),
            *("distilabel.steps.tasks.self_instruct", "distilabel.steps.tasks.ultrafeedback"),
            *("distilabel.steps.tasks.prometheus_eval", "distilabel.steps.tasks.complexity_scorer"),
            *("distilabel.steps.tasks.quality_scorer", "distilabel.steps.tasks.generate_embeddings"),
            *("distilabel.steps.tasks.instruction_backtranslation", "distilabel.steps.tasks.genstruct"),
            *("distilabel.steps.tasks.improving_text_embeddings", "distilabel.steps.tasks.pair_rm"),
            *("distilabel.steps.tasks.sentence_transformers", "distilabel.steps.tasks.text_classification"),
            *("distilabel.steps.tasks.argilla_labeller", "distilabel.steps.tasks.image_generation"),
            *("distilabel.steps.tasks.clair", "distilabel.steps.tasks.urial"),
        ],
        "distilabel.steps.tasks",
    ),
    "distilabel.steps.tasks.structured_outputs.outlines": "distilabel.typing",
    "distilabel.steps.tasks.structured_outputs.instructor": "distilabel.typing",
    "distilabel.mixins.requirements": "distilabel.steps",
    "distilabel.pipeline.local": "distilabel.pipeline",
    "distilabel.llms.typing": "distilabel.typing",
}
"""Old module to the room in which its names are now."""


def install() -> None:
    """Answer imports of old modules, after everybody else was asked."""
    if not any(isinstance(finder, _Doorman) for finder in sys.meta_path):
        sys.meta_path.append(_Doorman())


class _Doorman:  # not of importlib.abc, which takes long to import
    """Finds and makes the modules of `OLD`, and the packages on the way to them."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to make a module, None where it is none of the old ones."""
        del path, target
        inner = any(old.startswith(f"{name}.") for old in OLD)
        if not inner and name not in OLD:
            return None
        return ModuleSpec(name, self, is_package=inner)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave the making to Python."""
        del spec
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its way to look for names."""
        room = OLD.get(module.__name__)

        def look(name: str) -> Any:
            if room is None or name.startswith("__"):
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            return getattr(import_module(room), name)

        vars(module)["__getattr__"] = look
