"""The pools of samples: each request has a pool, from which askers draw, and which grows by what it lacks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, count

from distilabel.ledger.database import Database, joined, json_array
from distilabel.ledger.draw import Draw, Sample, draw, drawn_again
from distilabel.ledger.states import SampleState
from distilabel.records import Target, request_keys

__all__ = ["SamplePool"]

# SQLite takes texts of up to 1,000,000,000 bytes: https://www.sqlite.org/limits.html
_MOST_BYTES = 16_000_000
_KEY_BYTES = 16


class SamplePool:
    """The requests of all scopes, and the samples of each.

    Args:
        database: Shared with `JobLedger`.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def draw(
        self,
        scope: str,
        target: Target,
        bodies: Sequence[bytes],
        *,
        asker: str,
        run_id: int,
        drawn: Counter[str],
        since: int = 0,
    ) -> list[Draw]:
        """Draw a sample for each body, in order; what the pools lack is registered as wanted.

        Args:
            scope: Whose requests these are.
            target: Where they go.
            bodies: Canonical bodies; equal ones draw different samples.
            asker: Who asks: the same name draws the same samples again.
            run_id: From `Ledger.begin_run`.
            drawn: How often this asker has asked each key in this execution so far; counted on here.
            since: Samples with a smaller number are left alone; see `next_id`.
        """
        db = self._db
        keys = request_keys(scope, target, bodies)
        scope_id, target_id = db.scope_id(scope), db.target_id(target)
        with db.transaction(durable=False):
            asker_id = db.known_or_new("asker_id", "add_asker", scope_id=scope_id, name=asker)
            rows = db.execute("own_samples", {"asker_id": asker_id, "run_id": run_id})
            own = {(key, columns[4]): _sample(*columns) for key, *columns in rows}
            if (again := drawn_again(keys, own, drawn)) is not None:
                return again
            ids, pools = self._known(dict(zip(keys, bodies, strict=True)))
            first = int(db.one("next_sample_id")[0])
            who = {"asker_id": asker_id, "run_id": run_id}
            draws = draw(keys, pools, **who, drawn=drawn, numbers=count(first), since=since)
            missing = {key: body for key, body in zip(keys, bodies, strict=True) if key not in ids}
            ids |= self._add_requests(missing, target_id)
            moved = [d for d in draws if d.moves(asker_id, run_id)]
            db.many("draw_again", [(asker_id, run_id, d.nth, d.id) for d in moved])
            made = [(ids[d.key], d.n, d.nth) for d in draws if d.sample is None]
            db.execute("add_samples", {**who, "scope_id": scope_id, "first": first, "rows": json_array(made)})
        return draws

    def next_id(self) -> int:
        """Return the number that the next new sample gets."""
        with self._db.lock:
            return int(self._db.one("next_sample_id")[0])

    def get(self, numbers: Iterable[int]) -> list[Sample]:
        """Return samples as they are now, in the order of their numbers given. Pruned samples are left out."""
        with self._db.lock:
            rows = self._db.execute("samples", {"rows": json_array(numbers)})
            return [_sample(*row) for row in rows]

    def bodies(self, numbers: Iterable[int]) -> list[bytes]:
        """Return the bodies of the requests of samples, in the order of their numbers given."""
        with self._db.lock:
            return [bytes(row[0]) for row in self._db.execute("bodies", {"rows": json_array(numbers)})]

    def claim_again(self, scope: str, asker: str, run_id: int) -> None:
        """Record that an asker's samples are drawn in this run too, though it does not ask: its rows are cached."""
        scope_id = self._db.scope_id(scope)
        with self._db.transaction(durable=False):
            self._db.execute("claim_again", {"scope_id": scope_id, "name": asker, "run_id": run_id})

    def wanted(
        self, scope: str, target: Target, run_id: int, most: int, after: int = 0
    ) -> list[tuple[int, int]]:
        """Return samples above `after` that this run wants and no job holds: number and body's size in bytes of each."""
        db = self._db
        values = {
            "scope_id": db.scope_id(scope),
            "target_id": db.target_id(target),
            "run_id": run_id,
            "most": most,
            "after": after,
        }
        with db.lock:
            return db.execute("wanted", values).fetchall()

    def fail(self, samples: Iterable[int], code: str, message: str) -> None:
        """Mark samples that can never be sent as failed."""
        with self._db.transaction():
            self._db.many("fail_sample", [(code, message, sample) for sample in samples])

    def want_failed_again(self, scope: str, code: str | None = None, job: str | None = None) -> int:
        """Mark failed samples as wanted: a run that draws them submits them again. Return how many.

        Args:
            scope: Whose samples.
            code: Why they failed; None: for any reason.
            job: The platform's id or our number of the job that carried them last; None: any.
        """
        with self._db.transaction():
            values = {"scope_id": self._db.scope_id(scope), "code": code, "job": job}
            return self._db.execute("want_failed_again", values).rowcount

    def ready_askers(self, samples: Sequence[int]) -> list[str]:
        """Return the askers of these samples that await nothing any more."""
        with self._db.lock:
            rows = self._db.execute("ready_askers_of_samples", {"samples": json_array(samples)})
            return [name for (name,) in rows]

    def _known(self, bodies: dict[str, bytes]) -> tuple[dict[str, int], dict[str, list[Sample]]]:
        """Return the numbers and the pools of those requests that are known."""
        ids: dict[str, int] = {}
        pools: dict[str, list[Sample]] = {}
        without_body = []
        places = range(1, _KEY_BYTES * len(bodies), _KEY_BYTES)  # SQL counts from 1
        rows = self._db.execute("pool", {"keys": joined(bodies), "places": json_array(places)})
        for key, request_id, is_empty, *columns in rows:
            ids[key] = request_id
            if columns[0] is not None:
                pools.setdefault(key, []).append(_sample(*columns))
            if is_empty:
                without_body.append(key)
        # A recovered request may lack its body; the run that asks it again has it.
        self._db.many("fill_request", [(bodies[key], bytes.fromhex(key)) for key in without_body])
        return ids, pools

    def _add_requests(self, bodies: dict[str, bytes], target_id: int) -> dict[str, int]:
        if not bodies:
            return {}
        first = number = int(self._db.one("next_request_id")[0])
        for piece in _pieces(bodies):
            lengths = [len(bodies[key]) for key in piece]
            starts = accumulate(lengths, initial=1)  # SQL counts from 1
            values = {
                "first": number, "target_id": target_id, "keys": joined(piece),
                "bodies": b"".join([bodies[key] for key in piece]), "rows": json_array(zip(starts, lengths, strict=False)),
            }  # fmt: skip
            self._db.execute("add_requests", values)
            number += len(piece)
        return {key: first + i for i, key in enumerate(bodies)}


def _sample(
    number: int,
    n: int,
    asker_id: int,
    run_id: int,
    nth: int,
    state: str,
    attempts: int,
    path: str | None,
    start: int,
    length: int,
    *reason: str | None,
) -> Sample:
    where = None if path is None else (path, start, length)
    return Sample(number, n, asker_id, run_id, nth, _STATES[state], attempts, where, *reason)


# Millions of rows pass here: a look-up in a dict takes a fraction of the time that the enum's constructor takes.
_STATES = {state.value: state for state in SampleState}


def _pieces(bodies: Mapping[str, bytes]) -> Iterator[list[str]]:
    """Yield the keys of some requests at a time, whose bodies fit into one statement together."""
    piece: list[str] = []
    size = 0
    for key, body in bodies.items():
        if piece and size + len(body) > _MOST_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(key)
        size += len(body)
    yield piece
