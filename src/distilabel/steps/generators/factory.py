"""Making a generator step from data in memory."""

from typing import Any

from distilabel.exceptions import DistilabelTypeError, DistilabelUserError
from distilabel.steps.base import GeneratorStep, StepResources
from distilabel.steps.generators.dataset_generator import check_not_empty
from distilabel.steps.generators.dicts import LoadDataFromDicts
from distilabel.steps.generators.hub import LoadDataFromHub
from distilabel.typing import InputDataset

__all__ = ["make_generator_step"]


def make_generator_step(
    dataset: InputDataset,
    pipeline: Any = None,
    batch_size: int = 50,
    input_mappings: dict[str, str] | None = None,
    output_mappings: dict[str, str] | None = None,
    resources: StepResources | None = None,
    repo_id: str | None = "default_name",
) -> GeneratorStep:
    """Make a step that yields the rows of `dataset`.

    Args:
        dataset: A list of dicts, a `pandas.DataFrame` (its index is dropped) or a `datasets.Dataset`.
        pipeline: The pipeline of the step; by default that of the open `with` block.
        batch_size: How many rows to yield at once.
        input_mappings: As for any step.
        output_mappings: A mapping of columns of `dataset` to new names.
        resources: As for any step.
        repo_id: The name of the source in a dump of the step, for a DataFrame or Dataset.

    Raises:
        DistilabelTypeError: `dataset` has another type.
        DistilabelUserError: `dataset` has no rows.

    Examples:
        >>> step = make_generator_step([{"prompt": "Hi"}], output_mappings={"prompt": "instruction"})
        >>> next(step.process_applying_mappings())
        ([{'instruction': 'Hi'}], True)
    """
    common: dict[str, Any] = {
        "pipeline": pipeline,
        "batch_size": batch_size,
        "input_mappings": input_mappings or {},
        "output_mappings": output_mappings or {},
        "resources": resources or StepResources(),
    }
    if isinstance(dataset, list):
        if not dataset:
            raise DistilabelUserError("The dataset is empty: pass at least one row.")
        return LoadDataFromDicts(data=dataset, **common)
    opened = _as_dataset(dataset)
    check_not_empty("make_generator_step", opened)
    step = LoadDataFromHub(repo_id=repo_id, **common)
    step.use(opened)
    return step


def _as_dataset(dataset: Any) -> Any:
    # By name: the check must not import pandas or datasets, and an instance exists only if its package is imported.
    kinds = {f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}" for kind in type(dataset).__mro__}
    if "pandas.DataFrame" in kinds:
        from datasets import Dataset  # noqa: PLC0415 - slow to import

        return Dataset.from_pandas(dataset, preserve_index=False)
    if kinds & {"datasets.Dataset", "datasets.IterableDataset"}:
        return dataset
    if "datasets.DatasetDict" in kinds:
        raise DistilabelTypeError(
            f"The dataset is a dict of splits: pass one of them, such as dataset[{next(iter(dataset))!r}]."
        )
    raise DistilabelTypeError(
        f"The dataset must be a list of dicts, a pandas.DataFrame or a datasets.Dataset, not {type(dataset).__name__}.",
    )
