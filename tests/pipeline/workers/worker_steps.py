"""Steps for worker processes: what they do they leave in files, since their memory is not that of the test."""

import os
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from tests.support.processes import wait_until

from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.base import LLM
from distilabel.steps import GeneratorStep, GlobalStep, Step, StepInput
from distilabel.steps.tasks import TextGeneration

Row = dict[str, Any]


class Tells(Step):
    """Writes `pid`, and leaves a line in `<folder>/<pid>` for each thing that happens to it."""

    folder: str = ""
    input_batch_size: int = 2

    @property
    def outputs(self) -> list[str]:
        return ["pid"]

    def tell(self, what: str) -> None:
        if self.folder:
            with (Path(self.folder) / str(os.getpid())).open("a") as file:
                file.write(f"{what}\n")

    def load(self) -> None:
        super().load()
        self.tell("load")

    def unload(self) -> None:
        self.tell("unload")
        super().unload()

    def process(self, inputs: StepInput):
        self.tell(f"process {inputs[0]['n']}")
        yield [self.made(row) for row in inputs]

    def made(self, row: Row) -> Row:
        return {**row, "pid": os.getpid()}


class SlowFirst(Tells):
    """Keeps the first chunk until the last one is done, in another process."""

    def process(self, inputs: StepInput):
        done = Path(self.folder) / "done"
        if inputs[0]["n"] == 0:
            wait_until(done.exists)
        if inputs[-1]["n"] == 19:
            done.touch()
        yield from super().process(inputs)


class WaitsForTheKiller(Tells):
    """Is not done with the last chunk before the killer is done."""

    def process(self, inputs: StepInput):
        if inputs[0]["n"] >= 590:
            wait_until((Path(self.folder) / "killed").exists)
        yield from super().process(inputs)


class Chance(Tells):
    """Draws a number for each row; the rows come one by one."""

    def process(self, inputs: StepInput):
        for row in inputs:
            yield [{**row, "pid": self.random.random()}]


class OddError(Exception):
    """Cannot be made again from its arguments."""

    def __init__(self, number: int, *, lock: Any) -> None:
        super().__init__(f"{number} is odd")
        self.lock = lock


class Raises(Tells):
    def made(self, row: Row) -> Row:
        if row["n"] == 3:
            raise OddError(3, lock=threading.Lock())
        if row["n"] == 6:
            raise ValueError("6 is even")
        return super().made(row)


class Refuses(Tells):
    def made(self, row: Row) -> Row:
        raise DistilabelUserError("Buy a better one.")


class GivesALock(Tells):
    def made(self, row: Row) -> Row:
        return {**row, "pid": threading.Lock()}


class Unreadable:
    def __reduce__(self) -> Any:
        return int, ("not a number",)


class GivesWhatCannotBeRead(Tells):
    def made(self, row: Row) -> Row:
        return {**row, "pid": Unreadable() if row["n"] == 3 else 1}


class Dies(Tells):
    """Ends its process at some rows; each time, or as long as the file `cured` is not there."""

    at: tuple[int, ...] = ()
    by: str = "exit"

    def made(self, row: Row) -> Row:
        if row["n"] in self.at and not (self.folder and (Path(self.folder) / "cured").exists()):
            self.tell("die")
            os._exit(7) if self.by == "exit" else os.kill(os.getpid(), signal.SIGKILL)
        return super().made(row)


class DiesOnce(Dies):
    def tell(self, what: str) -> None:
        super().tell(what)
        if what == "die":
            (Path(self.folder) / "cured").touch()


class DiesLoading(Tells):
    def load(self) -> None:
        super().load()
        os._exit(5)


class CannotLoad(Tells):
    def load(self) -> None:
        raise OSError("there are no weights")


class CannotUnload(Tells):
    def unload(self) -> None:
        raise OSError("it is stuck")


class Hangs(Tells):
    deaf: bool = False

    def process(self, inputs: StepInput):
        if self.deaf:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        self.tell(f"child {child.pid}")
        threading.Event().wait()
        yield inputs


class Logs(Tells):
    def made(self, row: Row) -> Row:
        self._logger.info("row %d", row["n"], extra={"lock": threading.Lock()})
        self._logger.debug("nobody wants this")
        warnings.warn("careful", UserWarning, stacklevel=1)
        return super().made(row)


class Knows(Tells):
    """Holds a key; writes what other processes can see of this one."""

    api_key: SecretStr | None = None

    def made(self, row: Row) -> Row:
        seen = Path("/proc/self/cmdline").read_bytes() + Path("/proc/self/environ").read_bytes()
        assert self.api_key is not None
        key = self.api_key.get_secret_value()
        return {**row, "pid": os.getpid(), "key": key, "seen": key.encode() in seen}


class Env(Tells):
    def made(self, row: Row) -> Row:
        names = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")
        return {**row, "pid": [os.environ.get(name) for name in names]}


class Leaves(Tells):
    def made(self, row: Row) -> Row:
        self.save_artifact("notes", lambda folder: (folder / "a.txt").write_text("hi"))
        return super().made(row)


class Big(Tells):
    """Writes how much it carries."""

    ballast: str = ""

    def made(self, row: Row) -> Row:
        return {**row, "pid": len(self.ballast)}


class Forks(Tells):
    """Leaves a child behind that lives on, and dies itself."""

    def process(self, inputs: StepInput):
        self.tell("process")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer Pythons warn of forking where there are threads
            child = os.fork()
        if child == 0:
            signal.pause()
        os.kill(os.getpid(), signal.SIGKILL)
        yield inputs


class Total(GlobalStep):
    @property
    def outputs(self) -> list[str]:
        return ["pid", "sum"]

    def process(self, inputs: StepInput):
        yield [{"pid": os.getpid(), "sum": sum(row["n"] for row in inputs)}]


class Numbers(GeneratorStep):
    folder: str = ""
    until: int = 10
    batch_size: int = 2
    die_at: int = -1
    dies_always: bool = False

    @property
    def outputs(self) -> list[str]:
        return ["n", "pid", "from"]

    def process(self, offset: int = 0):
        for n in range(offset, self.until, self.batch_size):
            died = Path(self.folder) / "died"
            if n == self.die_at and (self.dies_always or not died.exists()):
                died.touch()
                os._exit(9)
            rows = [{"n": n + i, "pid": os.getpid(), "from": offset} for i in range(self.batch_size)]
            yield rows, n + self.batch_size >= self.until


class Here(LLM):
    """A model that runs in the process that asks it."""

    in_process = True

    @property
    def model_name(self) -> str:
        return f"{os.getpid()}"

    def generate(self, inputs: list[Any], num_generations: int = 1) -> list[Any]:
        return [{"generations": [chat[-1]["content"].upper()]} for chat in inputs]


class Writes(TextGeneration):
    pass
