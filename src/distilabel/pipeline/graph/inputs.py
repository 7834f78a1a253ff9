"""Rows that are given to a run, in place of a generator step."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline.graph.dag import DAG
from distilabel.steps._core.context import current_pipeline
from distilabel.steps.base import GeneratorStep

__all__ = ["chunk_size", "with_dataset"]


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
