"""The inputs of a run: rows in place of a generator step, and runtime parameters."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from distilabel.exceptions import DistilabelTypeError, DistilabelUserError
from distilabel.pipeline.graph.dag import DAG
from distilabel.steps._core.context import current_pipeline
from distilabel.steps.base import GeneratorStep, _Step

__all__ = ["chunk_size", "set_parameters", "with_dataset"]

_logger = logging.getLogger("distilabel.pipeline")


def set_parameters(dag: DAG, parameters: dict[Any, dict[str, Any]]) -> None:
    """Set runtime parameters by step or step name; log a warning about unknown names."""
    if not isinstance(parameters, dict):
        raise DistilabelTypeError(
            f"`parameters` must be a dict such as {{'my_step': {{'my_parameter': 1}}}}, not {parameters!r:.60}."
        )
    for key, values in parameters.items():
        name = key.name if isinstance(key, _Step) else key
        if name in dag.steps:
            dag.steps[name].set_runtime_parameters(values)
        else:
            _logger.warning("%s", dag.unknown(name))


def with_dataset(graph: DAG, dataset: Any, batch_size: int) -> DAG:
    """Return the graph with a generator for `dataset` before all steps that have no predecessor.

    Raises:
        DistilabelUserError: The graph has a generator already.
    """
    from distilabel.steps.generators import make_generator_step  # noqa: PLC0415 - slow to import

    dag = DAG()
    dag.steps, dag.edges, dag.routes = dict(graph.steps), list(graph.edges), dict(graph.routes)
    if generator := next((step for step in dag.steps.values() if step.is_generator), None):
        raise DistilabelUserError(
            f"run(dataset=...) gives the rows, and so does the step {generator.name!r}: leave one of them out."
        )
    first = [name for name in dag.steps if not dag.before(name)]
    token = current_pipeline.set(None)
    try:
        step = make_generator_step(dataset, batch_size=batch_size)
    finally:
        current_pipeline.reset(token)
    dag.steps = {step.name: step, **dag.steps}
    for name in first:
        dag.connect(step.name, name)
    return dag


@contextmanager
def chunk_size(dag: DAG, size: int) -> Iterator[None]:
    """Set the chunk size of all generators while the context is open."""
    generators = [step for step in dag.steps.values() if isinstance(step, GeneratorStep)]
    sizes = {step.name: step.batch_size for step in generators}
    try:
        for step in generators:
            step.batch_size = size
        yield
    finally:
        for step in generators:
            step.batch_size = sizes[step.name]
