"""Everything that can go wrong, one entry each: in words, as a plan for the platform, and what must come of it.

The tests, `make chaos` and the page `docs/what-can-go-wrong.md` are all made of this table.
"""

from tests.chaos.cases import Case
from tests.chaos.table.disaster import DISASTER
from tests.chaos.table.disk import DISK
from tests.chaos.table.http import HTTP
from tests.chaos.table.jobs import JOBS
from tests.chaos.table.lines import LINES
from tests.chaos.table.process import PROCESS
from tests.chaos.table.rows import ROWS

__all__ = ["CASES", "GROUPS"]

GROUPS = {
    "lines": "Result files",
    "rows": "Rows",
    "jobs": "Jobs",
    "http": "The network",
    "process": "The process",
    "disk": "The disk",
    "disaster": "Disaster",
}
CASES: list[Case] = [*LINES, *ROWS, *JOBS, *HTTP, *PROCESS, *DISK, *DISASTER]
