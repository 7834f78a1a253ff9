"""`Pipeline` and `RayPipeline`: steps are created and connected inside `with Pipeline()`, and run."""

import hashlib
import logging
import os
import re
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Optional, Self

from distilabel import __version__, config
from distilabel._files import RESERVED, cache_folder, writing
from distilabel.distiset import Distiset
from distilabel.exceptions import DistilabelException, DistilabelStepError, DistilabelUserError, described
from distilabel.pipeline.graph.dag import DAG, Route
from distilabel.pipeline.graph.drawing import draw
from distilabel.pipeline.graph.from_dict import add_edges, make_steps, read_pipeline
from distilabel.pipeline.graph.inputs import chunk_size, with_dataset
from distilabel.pipeline.graph.stages import last_of, load_stages
from distilabel.pipeline.runtime.settings import RunSettings
from distilabel.steps._core.context import current_pipeline
from distilabel.steps.base import _Step
from distilabel.typing import InputDataset, LoadGroups

if TYPE_CHECKING:
    from distilabel.pipeline.workers.cluster import Cluster

__all__ = ["Pipeline", "RayPipeline"]

_NAME = re.compile(r"[a-zA-Z0-9_.-]+")
_STORAGE_UNUSED = (
    "storage_parameters are not used: rows travel between the steps through the cache folder. To move it, use "
    "Pipeline(cache_dir=...)."
)
# Set by Ray in its jobs, and by users who name a cluster.
_RAY_VARIABLES = ("RAY_NODE_TYPE_NAME", "RAY_CLUSTER_NAME", "RAY_ADDRESS")
_logger = logging.getLogger("distilabel.pipeline")


class Pipeline:
    """Steps and the connections between them.

    Args:
        name: The name, also of its folder in the cache folder; by default made of the steps' names.
        description: A text for readers of the pipeline.
        cache_dir: The cache folder; default: DISTILABEL_CACHE_DIR, or `~/.cache/distilabel/pipelines`.
        enable_metadata: Whether the Distiset keeps the column `distilabel_metadata`.
        requirements: Packages that must be installed, such as `["torch>=2"]`.

    Examples:
        >>> from distilabel.steps import LoadDataFromDicts, KeepColumns
        >>> with Pipeline("example", cache_dir="cache") as pipeline:
        ...     load_data = LoadDataFromDicts(data=[{"prompt": "Hi", "id": 1}])
        ...     keep = KeepColumns(columns=["prompt"])
        ...     load_data >> keep
        KeepColumns(...)
        >>> distiset = pipeline.run()
        >>> distiset["default"]["train"][0]
        {'prompt': 'Hi'}
    """

    def __init__(
        self,
        name: Optional[str] = None,
        description: Optional[str] = None,
        cache_dir: Optional[str | Path] = None,
        enable_metadata: bool = False,
        requirements: Optional[list[str]] = None,
    ) -> None:
        if name is not None and not (_NAME.fullmatch(name) and name.strip(".")):
            raise DistilabelUserError(
                f"The pipeline's name is {name!r}: use letters, digits, '_', '-' and '.' only."
            )
        if name is not None and name.lower().rstrip(".") in RESERVED:
            raise DistilabelUserError(
                f"The pipeline's name is {name!r}, which the cache folder uses for its own files: give it another name."
            )
        self._name = name
        self.description = description
        self.enable_metadata = enable_metadata
        self._cache_dir = cache_dir
        self._requirements = list(requirements or [])
        self.dag = DAG()
        self._token: Any = None

    # Building

    def __enter__(self) -> Self:
        if current_pipeline.get() is not None:
            raise DistilabelUserError(
                "A pipeline is open already: leave its `with` block before opening another."
            )
        self._token = current_pipeline.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        current_pipeline.reset(self._token)
        self._name = self.name

    @property
    def name(self) -> str:
        """The given name, or `pipeline_` and the names of the steps."""
        return self.dag.inferred_name() if self._name is None else self._name

    @property
    def names(self) -> Collection[str]:
        """The names of the steps."""
        return self.dag.steps

    @property
    def cache_dir(self) -> Path:
        """The cache folder, shared by all pipelines."""
        return cache_folder(self._cache_dir)

    def _add_step(self, step: _Step) -> None:
        self.dag.add(step)

    def _connect(self, from_step: _Step, to_steps: Sequence[_Step], routing: Route | None = None) -> None:
        for step in to_steps:
            self.dag.connect(from_step.name, step.name)
        if routing is not None:
            self.dag.routes[from_step.name] = routing

    # Running

    def run(
        self,
        parameters: Optional[dict[str, dict[str, Any]]] = None,
        load_groups: Optional[LoadGroups] = None,
        use_cache: bool = True,
        storage_parameters: Optional[dict[str, Any]] = None,
        use_fs_to_pass_data: bool = False,  # noqa: ARG002 - chunks always travel by way of the disk
        dataset: InputDataset = None,
        dataset_batch_size: int = 50,
        logging_handlers: Optional[list[logging.Handler]] = None,
        retry_failed: bool = False,
    ) -> Distiset:
        """Run the pipeline and return its dataset.

        If batch jobs are not finished and the run does not wait for them, the Distiset is empty (`len() == 0`): run the
        pipeline again later. Ctrl+C and SIGTERM stop the run in the same way; all results are kept.

        Args:
            parameters: Runtime parameters by step, such as `{"load_data": {"split": "test"}}`; keys may be steps.
            load_groups: Lists of steps, or of their names. The steps of a group are loaded together, and unloaded before
                the next group is loaded, so that models that do not fit together can share a machine. A global step is
                its own group; "sequential_step_execution" makes each step a group. Without groups, a step is loaded when
                its first rows arrive, and stays loaded until the end.
            use_cache: Whether the run uses rows and responses of former runs. A run with False must wait for its batch jobs.
                If it is interrupted, the next such run continues it, and pays for nothing again.
            storage_parameters: Accepted with its key `path`, but has no effect: rows travel between the steps through the
                cache folder. A warning says so; `Pipeline(cache_dir=...)` moves the folder.
            use_fs_to_pass_data: Accepted, but has no effect: rows always travel between the steps through files.
            dataset: Rows to run on, in place of a generator step: a list of dicts, a `datasets.Dataset` or a pandas
                frame.
            dataset_batch_size: How many rows of `dataset` make a chunk.
            logging_handlers: Additional log handlers.
            retry_failed: Whether the run asks again for every row that a former run left without an answer, whatever the
                reason, and for these alone. Rows whose reason passes, such as a platform that was down, are asked for again
                in any case. `distilabel retry` selects rows by step, code or job.

        Raises:
            DistilabelUserError: An error in the pipeline, its parameters or its cache folder.
            DistilabelPlatformError: A platform rejected a call, or cannot be reached.
            DistilabelStepError: A step failed for all of its rows.
        """
        dag = with_dataset(self.dag, dataset, dataset_batch_size) if dataset is not None else self.dag
        if storage_parameters is not None and "path" not in storage_parameters:
            raise DistilabelUserError(
                "storage_parameters has no 'path': remove storage_parameters; the cache folder is used."
            )
        stages = load_stages(dag, load_groups) if load_groups else ()
        if retry_failed and not use_cache:
            raise DistilabelUserError(
                "retry_failed=True needs the rows of the former run: leave use_cache=False out."
            )
        settings = RunSettings(
            self.name, use_cache, self.enable_metadata, stages=stages, retry_failed=retry_failed
        )
        unused = [_STORAGE_UNUSED] if storage_parameters else []
        return self._run(dag, settings, parameters, logging_handlers or [], unused)

    def dry_run(
        self, parameters: Optional[dict[str, dict[str, Any]]] = None, batch_size: int = 1, dataset: Any = None
    ) -> Distiset:
        """Run the pipeline on one chunk of `batch_size` rows, without the cache and without batch jobs.

        Models that are set to use batch jobs are asked online. If a model has no online API, its requests are shown in the
        log, are not sent, and get no answer.

        Raises:
            DistilabelException: As for `run`.
        """
        dag = with_dataset(self.dag, dataset, batch_size) if dataset is not None else self.dag
        settings = RunSettings(
            self.name, use_cache=False, metadata=self.enable_metadata, most_chunks=1, dry=True
        )
        with chunk_size(dag, batch_size):
            return self._run(dag, settings, parameters, [])

    def validate(self, *, open_sources: bool = True) -> None:
        """Check all that can be checked before the first row.

        Args:
            open_sources: Whether generators may open their datasets to know the columns.

        Raises:
            DistilabelUserError: The first error; the message names the step and says how to fix it.
            ModuleNotFoundError: Packages that the pipeline needs are missing; the message names them.
        """
        self._check_installed(self.dag)
        self.dag.validate(open_sources=open_sources)

    def get_load_stages(
        self, load_groups: Optional[LoadGroups] = None
    ) -> tuple[list[list[str]], list[list[str]]]:
        """Return the steps of each stage, in the order in which they are loaded, and the last steps of each stage.

        Args:
            load_groups: As for `run`.

        Raises:
            DistilabelUserError: A group names an unknown step, or a step twice; or it holds a global step and others; or
                a step between two of its steps is missing.

        Examples:
            >>> from distilabel.steps import LoadDataFromDicts, KeepColumns
            >>> with Pipeline("stages") as pipeline:
            ...     load = LoadDataFromDicts(name="load")
            ...     load >> KeepColumns(name="a", columns=["x"]) >> KeepColumns(name="b", columns=["x"])
            KeepColumns(...)
            >>> pipeline.get_load_stages(load_groups=[["b"]])
            ([['load', 'a'], ['b']], [['a'], ['b']])
        """
        stages = load_stages(self.dag, load_groups)
        return stages, last_of(self.dag, stages)

    def draw(
        self, path: str | Path = "pipeline.png", top_to_bottom: bool = False, show_edge_labels: bool = True
    ) -> str:
        """Draw the steps and their connections; return the path. A notebook shows the picture.

        Args:
            path: The file. Its extension sets the format: `.png` (needs the extra `draw`), `.svg`, `.mmd` for Mermaid
                text, or `.md` for Mermaid text in a Markdown page.
            top_to_bottom: Whether rows flow down instead of to the right.
            show_edge_labels: Whether arrows show the columns that the step at their end reads.

        Raises:
            DistilabelUserError: The extension is unknown, or the pipeline has no steps.
        """
        return draw(self.dag, path, top_to_bottom=top_to_bottom, labels=show_edge_labels)

    def recover(self) -> int:
        """Find this pipeline's batch jobs on its platforms after the cache folder was lost; return their number.

        The next `run` collects their results and pays for nothing again. Jobs of other pipelines on the same platforms are
        recorded too.

        Raises:
            DistilabelPlatformError: A platform rejected a call, or cannot be reached.
        """
        from distilabel.pipeline.runtime.recovery import recover_jobs  # noqa: PLC0415 - slow to import

        return recover_jobs(self.dag, self.cache_dir)

    def ray(
        self, ray_head_node_url: Optional[str] = None, ray_init_kwargs: Optional[dict[str, Any]] = None
    ) -> "RayPipeline":
        """Return the same pipeline with its worker processes on a Ray cluster.

        Args:
            ray_head_node_url: As for `RayPipeline`.
            ray_init_kwargs: As for `RayPipeline`.
        """
        pipeline = RayPipeline(
            self._name, self.description, self._cache_dir, self.enable_metadata, self._requirements,
            ray_head_node_url, ray_init_kwargs,
        )  # fmt: skip
        pipeline.dag = self.dag
        return pipeline

    def _cluster(self) -> "Cluster | None":
        """Return the Ray cluster for the worker processes; None: they run on this machine."""
        if not any(os.environ.get(name) for name in _RAY_VARIABLES) or find_spec("ray") is None:
            return None
        from distilabel.pipeline.workers.cluster import Cluster  # noqa: PLC0415 - slow to import

        return Cluster()

    def _run(
        self,
        dag: DAG,
        settings: RunSettings,
        parameters: Optional[dict[str, dict[str, Any]]],
        handlers: Sequence[logging.Handler],
        warnings: Sequence[str] = (),
    ) -> Distiset:
        from distilabel.pipeline.runtime.run import execute  # noqa: PLC0415 - slow to import

        def prepare(config: Path) -> None:
            for warning in warnings:
                _logger.warning("%s", warning)
            dag.set_runtime_parameters(parameters or {})
            dag.validate()
            with writing(config.parent):
                self.save(config, format="yaml")

        try:
            self._check_installed(dag)
            return execute(dag, settings, self.cache_dir, prepare, handlers, self._cluster())
        except MemoryError as error:
            raise DistilabelUserError(
                f"{described(error)}. Nothing is lost: close other programs, or have steps take fewer rows at once "
                "(input_batch_size), and run again."
            ) from error
        except DistilabelException as error:
            if os.environ.get("DISTILABEL_LOG_LEVEL", "").upper() == "DEBUG":
                raise
            # The message says what to do. A traceback through this library would hide it; that of the user's step is its cause.
            cause = error.__cause__ if isinstance(error, DistilabelStepError) else None
            raise error.with_traceback(None) from cause

    def _check_installed(self, dag: DAG) -> None:
        if dag.steps and (requirements := self.requirements):
            from distilabel.pipeline.graph.requirements import check_installed  # noqa: PLC0415 - slow to import

            check_installed(requirements)

    @property
    def requirements(self) -> list[str]:
        """The packages that the pipeline, its steps and their LLMs need, sorted."""
        from distilabel.models.fields import models_in  # noqa: PLC0415 - slow to import

        parts = [part for step in self.dag.steps.values() for part in (step, *models_in(step))]
        of_parts = (requirement for part in parts for requirement in getattr(type(part), "requirements", ()))
        return sorted({*self._requirements, *of_parts})

    # Serialization

    @property
    def signature(self) -> str:
        """A digest of the names of the steps and their connections: 40 hexadecimal digits."""
        parts = [*self.dag.steps, *(f"{start}>{end}" for start, end in self.dag.edges), *self.dag.routes]
        return hashlib.sha1("\0".join(parts).encode(), usedforsecurity=False).hexdigest()

    def dump(self) -> dict[str, Any]:
        """Return the pipeline as plain values, without API keys."""
        steps = [{"step": step.dump(), "name": step.name} for step in self.dag.steps.values()]
        info = {"module": type(self).__module__, "name": type(self).__name__}
        pipeline = {"name": self.name, "description": self.description, "steps": steps, **self.dag.dump()}
        return {
            "distilabel": {"version": __version__},
            "pipeline": {**pipeline, "type_info": info},
            "requirements": self.requirements,
        }

    def save(self, path: str | Path, format: Literal["json", "yaml"] = "json") -> None:
        """Write the pipeline to a file, without API keys."""
        config.write_document(self.dump(), path, format)

    @classmethod
    def from_dict(
        cls, data: dict[str, Any], allow: Sequence[str] = ("distilabel",), *, allow_code: bool = False
    ) -> Self:
        """Build a pipeline from the output of `dump`, of this version or of distilabel 1.5.

        Args:
            data: The output of `dump`.
            allow: The packages whose classes may be imported: the data names classes, and importing runs code.
            allow_code: Whether fields may name code and commands that run on this machine, such as `vLLM.command`,
                `trust_remote_code` or `APIGenExecutionChecker.libpath`.

        Raises:
            DistilabelUserError: The data does not describe a pipeline, or names what is not allowed.
        """
        found = read_pipeline(data)
        pipeline = cls(found.get("name"), found.get("description"), requirements=data.get("requirements"))
        for step in make_steps(found, allow, allow_code=allow_code):
            step.pipeline = pipeline
            pipeline._add_step(step)
        add_edges(found, pipeline.dag, allow)
        return pipeline

    @classmethod
    def from_json(
        cls, path: str | Path, allow: Sequence[str] = ("distilabel",), *, allow_code: bool = False
    ) -> Self:
        """Build a pipeline from a JSON file; see `from_dict`."""
        return cls.from_dict(config.read_document(path, "json"), allow, allow_code=allow_code)

    @classmethod
    def from_yaml(
        cls, path: str | Path, allow: Sequence[str] = ("distilabel",), *, allow_code: bool = False
    ) -> Self:
        """Build a pipeline from a YAML file; see `from_dict`."""
        return cls.from_dict(config.read_document(path, "yaml"), allow, allow_code=allow_code)

    @classmethod
    def from_file(
        cls, path: str | Path, allow: Sequence[str] = ("distilabel",), *, allow_code: bool = False
    ) -> Self:
        """Build a pipeline from a JSON or YAML file, by its extension."""
        return cls.from_dict(config.read_document(path), allow, allow_code=allow_code)

    def get_runtime_parameters_info(self) -> dict[str, list[dict[str, Any]]]:
        """Describe the runtime parameters of each step."""
        return {name: step.get_runtime_parameters_info() for name, step in self.dag.steps.items()}


class RayPipeline(Pipeline):
    """A pipeline whose worker processes are actors on a Ray cluster; everything else is as in `Pipeline`.

    Steps that request `resources`, and steps with a model that runs in the step's process, get their replicas on the
    cluster, where Ray finds the CPUs, GPUs, memory and custom resources that they request. All other steps, and every task
    that uses batch jobs, run in threads of this process: the state of batch jobs never leaves it, and rows, cache and
    Distiset are the same as those of `Pipeline.run`. Needs `pip install 'distilabel[ray]'`, and distilabel on every node.

    Args:
        name, description, cache_dir, enable_metadata, requirements: As for `Pipeline`.
        ray_head_node_url: The cluster, such as `ray://head:10001`. By default the one that this process is connected to,
            or that RAY_ADDRESS names, or else a local one that is started here and ends with the run.
        ray_init_kwargs: Additional arguments of `ray.init`, such as `runtime_env`:
            https://docs.ray.io/en/latest/ray-core/api/doc/ray.init.html

    Examples:
        >>> from distilabel.steps import LoadDataFromDicts, KeepColumns, StepResources
        >>> with Pipeline("on-ray", cache_dir="cache") as pipeline:
        ...     load_data = LoadDataFromDicts(data=[{"prompt": "Hi", "id": 1}])
        ...     load_data >> KeepColumns(columns=["prompt"], resources=StepResources(replicas=2))
        KeepColumns(...)
        >>> pipeline.ray(ray_head_node_url="ray://head:10001")  # doctest: +ELLIPSIS
        <distilabel.pipeline.pipeline.RayPipeline object at ...>
    """

    def __init__(
        self,
        name: Optional[str] = None,
        description: Optional[str] = None,
        cache_dir: Optional[str | Path] = None,
        enable_metadata: bool = False,
        requirements: Optional[list[str]] = None,
        ray_head_node_url: Optional[str] = None,
        ray_init_kwargs: Optional[dict[str, Any]] = None,
    ) -> None:
        super().__init__(name, description, cache_dir, enable_metadata, requirements)
        self._ray_head_node_url = ray_head_node_url
        self._ray_init_kwargs = ray_init_kwargs

    def _cluster(self) -> "Cluster":
        from distilabel.pipeline.workers.cluster import Cluster  # noqa: PLC0415 - slow to import

        return Cluster(self._ray_head_node_url, self._ray_init_kwargs)
