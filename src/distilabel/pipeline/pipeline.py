"""The face: steps are put together inside `with Pipeline()`, and run."""

import hashlib
import logging
import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Optional, Self

from distilabel import __version__, config
from distilabel._files import cache_folder
from distilabel.distiset import Distiset
from distilabel.exceptions import DistilabelException, DistilabelStepError, DistilabelUserError
from distilabel.pipeline.graph.dag import DAG, Route
from distilabel.pipeline.graph.drawing import draw
from distilabel.pipeline.graph.from_dict import draw_arrows, make_steps, read_pipeline
from distilabel.pipeline.graph.inputs import chunks_of, set_parameters, with_dataset
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
    "storage_parameters are not used; what flows between the steps lies in the cache folder, which "
    "Pipeline(cache_dir=...) puts elsewhere."
)
_logger = logging.getLogger("distilabel.pipeline")


class Pipeline:
    """Steps and the arrows between them.

    Args:
        name: Names the folder in which its cache lies; without one, made of the steps' names.
        description: For a person.
        cache_dir: Where all is kept; default: DISTILABEL_CACHE_DIR, or `~/.cache/distilabel/pipelines`.
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
        self._name = name
        self.description = description
        self.enable_metadata = enable_metadata
        self._cache_dir = cache_dir
        self._requirements = list(requirements or [])
        self.dag = DAG()
        self._token: Any = None

    # Putting together

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
        """As given, or `pipeline_` and the names of the steps."""
        return self.dag.inferred_name() if self._name is None else self._name

    @property
    def names(self) -> Collection[str]:
        """The names of the steps."""
        return self.dag.steps

    @property
    def cache_dir(self) -> Path:
        """Where everything of all pipelines is kept."""
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
        use_fs_to_pass_data: bool = False,  # noqa: ARG002 - chunks travel by way of the disk in any case
        dataset: InputDataset = None,
        dataset_batch_size: int = 50,
        logging_handlers: Optional[list[logging.Handler]] = None,
    ) -> Distiset:
        """Run the pipeline and return its dataset.

        Offline batches that are not finished, and that nobody waits for, give an empty Distiset (`len() == 0`): run it
        again later. Ctrl+C (or SIGTERM) stops in the same way; what was done is kept.

        Args:
            parameters: Runtime parameters by step, such as `{"load_data": {"split": "test"}}`; keys may be steps.
            load_groups: Steps, or their names, by group. The steps of a group are loaded together, and unloaded before
                the next group is loaded: so models that do not fit beside each other share a machine. A global step is
                a group of its own; "sequential_step_execution" makes each step one. Without groups, a step is loaded
                when its first rows arrive, and stays until the end.
            use_cache: Whether rows and answers of former runs are used, and this run's kept. Recovery needs it.
            storage_parameters: Accepted, with its `path`, and changes nothing: what flows between the steps lies in the
                cache folder. A warning says so; `Pipeline(cache_dir=...)` puts it elsewhere.
            use_fs_to_pass_data: Accepted and changes nothing: rows travel from step to step by way of the disk.
            dataset: Rows to run on, in place of a generator step: a list of dicts, a `datasets.Dataset` or a pandas
                frame.
            dataset_batch_size: How many rows of `dataset` make a chunk.
            logging_handlers: Further handlers for the log.

        Raises:
            DistilabelUserError: Something to mend in the pipeline, its parameters or its cache folder.
            DistilabelPlatformError: A platform refused, or cannot be reached.
            DistilabelStepError: A step failed for all of its rows.
        """
        dag = with_dataset(self.dag, dataset, dataset_batch_size) if dataset is not None else self.dag
        if storage_parameters is not None and "path" not in storage_parameters:
            raise DistilabelUserError(
                "storage_parameters has no 'path': leave storage_parameters out, the cache folder is used."
            )
        stages = load_stages(dag, load_groups) if load_groups else ()
        settings = RunSettings(self.name, use_cache, self.enable_metadata, stages=stages)
        unused = [_STORAGE_UNUSED] if storage_parameters else []
        return self._run(dag, settings, parameters, logging_handlers or [], unused)

    def dry_run(
        self, parameters: Optional[dict[str, dict[str, Any]]] = None, batch_size: int = 1, dataset: Any = None
    ) -> Distiset:
        """Run the pipeline on one chunk of `batch_size` rows, without the cache.

        Raises:
            DistilabelException: As for `run`.
        """
        dag = with_dataset(self.dag, dataset, batch_size) if dataset is not None else self.dag
        settings = RunSettings(self.name, use_cache=False, metadata=self.enable_metadata, most_chunks=1)
        with chunks_of(dag, batch_size):
            return self._run(dag, settings, parameters, [])

    def validate(self) -> None:
        """Check everything that can be known before the first row.

        Raises:
            DistilabelUserError: The first thing that is wrong: names the step and says how to mend it.
            ModuleNotFoundError: Packages that the pipeline needs are missing; names them.
        """
        self._check_installed(self.dag)
        self.dag.validate()

    def get_load_stages(
        self, load_groups: Optional[LoadGroups] = None
    ) -> tuple[list[list[str]], list[list[str]]]:
        """Return in which stages the steps are loaded, and the last steps of each stage.

        Args:
            load_groups: As for `run`.

        Raises:
            DistilabelUserError: A group names an unknown step, or a step twice; puts a global step with others; or
                leaves out a step that stands between two of its own.

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
        """Draw the steps and the arrows between them; return the path. A notebook shows the picture.

        Args:
            path: The file; its ending says what is made: `.png` (needs the extra `draw`), `.svg`, or the text of
                Mermaid as `.mmd` or in a page, `.md`.
            top_to_bottom: Whether rows flow downwards, and not to the right.
            show_edge_labels: Whether arrows name the columns that the step at their end reads.

        Raises:
            DistilabelUserError: Another ending, or a pipeline without steps.
        """
        return draw(self.dag, path, top_to_bottom=top_to_bottom, labels=show_edge_labels)

    def recover(self) -> int:
        """Find this pipeline's jobs on its platforms after the cache folder was lost; return how many were found.

        The next `run` collects them and pays for nothing again. Jobs of other pipelines on the same platforms are
        found along.

        Raises:
            DistilabelPlatformError: A platform refuses, or cannot be reached.
        """
        from distilabel.pipeline.runtime.execution import recover_jobs  # noqa: PLC0415 - slow to import

        return recover_jobs(self.dag, self.cache_dir)

    def ray(
        self, ray_head_node_url: Optional[str] = None, ray_init_kwargs: Optional[dict[str, Any]] = None
    ) -> "RayPipeline":
        """Return the same pipeline, to be run with its worker processes on a Ray cluster.

        Args:
            ray_head_node_url: As for `RayPipeline`.
            ray_init_kwargs: As for `RayPipeline`.
        """
        made = RayPipeline(
            self._name, self.description, self._cache_dir, self.enable_metadata, self._requirements,
            ray_head_node_url, ray_init_kwargs,
        )  # fmt: skip
        made.dag = self.dag
        return made

    def _cluster(self) -> "Cluster | None":
        """Return where the worker processes are to be; None: on this machine."""
        from distilabel.pipeline.workers.cluster import Cluster, is_within_one  # noqa: PLC0415 - slow to import

        return Cluster() if is_within_one() else None

    def _run(
        self,
        dag: DAG,
        settings: RunSettings,
        parameters: Optional[dict[str, dict[str, Any]]],
        handlers: Sequence[logging.Handler],
        warnings: Sequence[str] = (),
    ) -> Distiset:
        from distilabel.pipeline.runtime.execution import execute  # noqa: PLC0415 - slow to import

        def prepare(config: Path) -> None:
            for warning in warnings:
                _logger.warning("%s", warning)
            set_parameters(dag, parameters or {})
            dag.validate()
            self.save(config, format="yaml")

        try:
            self._check_installed(dag)
            return execute(dag, settings, self.cache_dir, prepare, handlers, self._cluster())
        except DistilabelException as error:
            if os.environ.get("DISTILABEL_LOG_LEVEL", "").upper() == "DEBUG":
                raise
            # The message says what to do. The frames of this library would bury it; those of the user's step are its cause.
            cause = error.__cause__ if isinstance(error, DistilabelStepError) else None
            raise error.with_traceback(None) from cause

    def _check_installed(self, dag: DAG) -> None:
        from distilabel.pipeline.graph.requirements import check_installed  # noqa: PLC0415 - slow to import

        check_installed(self.requirements if dag.steps else ())

    @property
    def requirements(self) -> list[str]:
        """The packages that the pipeline, its steps and their LLMs need, sorted."""
        from distilabel.pipeline.graph.requirements import requirements_of  # noqa: PLC0415 - slow to import

        return sorted({*self._requirements, *requirements_of(self.dag.steps.values())})

    # Written form

    @property
    def signature(self) -> str:
        """40 hexadecimal digits for the names of the steps and the arrows between them."""
        parts = [*self.dag.steps, *(f"{start}>{end}" for start, end in self.dag.edges), *self.dag.routes]
        return hashlib.sha1("\0".join(parts).encode(), usedforsecurity=False).hexdigest()

    def dump(self) -> dict[str, Any]:
        """Return the pipeline as plain values, without any key."""
        steps = [{"step": step.dump(), "name": step.name} for step in self.dag.steps.values()]
        info = {"module": type(self).__module__, "name": type(self).__name__}
        written = {"name": self.name, "description": self.description, "steps": steps, **self.dag.written()}
        return {
            "distilabel": {"version": __version__},
            "pipeline": {**written, "type_info": info},
            "requirements": self.requirements,
        }

    def save(self, path: str | Path, format: Literal["json", "yaml"] = "json") -> None:
        """Write the pipeline to a file, without any key."""
        config.write_document(self.dump(), path, format)

    @classmethod
    def from_dict(cls, data: dict[str, Any], allow: Sequence[str] = ("distilabel",)) -> Self:
        """Build a pipeline from what `dump` gave, here or in distilabel 1.5.

        Args:
            data: From `dump`.
            allow: The packages whose classes may be imported: the file names classes, and importing runs code.
        """
        found = read_pipeline(data)
        pipeline = cls(found.get("name"), found.get("description"), requirements=data.get("requirements"))
        for step in make_steps(found, allow):
            step.pipeline = pipeline
            pipeline._add_step(step)
        draw_arrows(found, pipeline.dag, allow)
        return pipeline

    @classmethod
    def from_json(cls, path: str | Path, allow: Sequence[str] = ("distilabel",)) -> Self:
        """Build a pipeline from a JSON file."""
        return cls.from_dict(config.read_document(path, "json"), allow)

    @classmethod
    def from_yaml(cls, path: str | Path, allow: Sequence[str] = ("distilabel",)) -> Self:
        """Build a pipeline from a YAML file."""
        return cls.from_dict(config.read_document(path, "yaml"), allow)

    @classmethod
    def from_file(cls, path: str | Path, allow: Sequence[str] = ("distilabel",)) -> Self:
        """Build a pipeline from a JSON or YAML file, by its ending."""
        return cls.from_dict(config.read_document(path), allow)

    def get_runtime_parameters_info(self) -> dict[str, list[dict[str, Any]]]:
        """Describe the runtime parameters of each step."""
        return {name: step.get_runtime_parameters_info() for name, step in self.dag.steps.items()}


class RayPipeline(Pipeline):
    """A pipeline whose worker processes are actors on a Ray cluster; all else is as in `Pipeline`.

    Steps that ask for `resources`, and those that hold a model which is computed in the process, get their replicas there,
    where Ray finds the CPUs, GPUs, memory and custom resources that they ask for. All other steps, among them every task
    that asks by offline batch, run in the threads of this process: so no job's state ever leaves it, and rows, cache and
    Distiset are the same as those of `Pipeline.run`. Needs `pip install 'distilabel[ray]'`, and distilabel on every node.

    Args:
        name, description, cache_dir, enable_metadata, requirements: As for `Pipeline`.
        ray_head_node_url: The cluster, such as `ray://head:10001`. Without one: the one that this process is connected to,
            or that RAY_ADDRESS names, or else a small one that is started here and ends with the run.
        ray_init_kwargs: Further arguments of `ray.init`, such as `runtime_env`:
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
