"""The pools of samples: drawing from them, and registering what they lack."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, count

from distilabel.ledger.draw import Draw, Sample, draw, drawn_again
from distilabel.ledger.rows import joined, json_array
from distilabel.ledger.states import SampleState
from distilabel.ledger.writer import Writer
from distilabel.records import Target, request_keys

__all__ = ["Pools"]

# SQLite takes texts of up to 1,000,000,000 bytes: https://www.sqlite.org/limits.html
_MOST_BYTES = 16_000_000
_KEY_BYTES = 16


class Pools(Writer):
    """The requests of all scopes, and the samples of each."""

    def draw(
        self,
        scope: str,
        target: Target,
        bodies: Sequence[bytes],
        *,
        asker: str,
        run_id: int,
        drawn: Counter[str],
    ) -> list[Draw]:
        """Draw a sample for each body, in order; what the pools lack is registered as wanted.

        Args:
            scope: Whose requests these are.
            target: Where they go.
            bodies: Canonical bodies; equal ones draw different samples.
            asker: Who asks: the same name draws the same samples again.
            run_id: From `begin_run`.
            drawn: How often this asker has asked each key in this execution so far; counted on here.
        """
        keys = request_keys(scope, target, bodies)
        scope_id, target_id = self.scope_id(scope), self.target_id(target)
        with self._transaction(durable=False):
            asker_id = self._known_or_new("asker_id", "add_asker", scope_id=scope_id, name=asker)
            if (again := drawn_again(keys, self._own(asker_id, run_id), drawn)) is not None:
                return again
            ids, pools = self._known(dict(zip(keys, bodies, strict=True)))
            first = int(self._one("next_sample_id")[0])
            draws = draw(keys, pools, asker_id=asker_id, run_id=run_id, drawn=drawn, numbers=count(first))
            missing = {key: body for key, body in zip(keys, bodies, strict=True) if key not in ids}
            ids |= self._add_requests(missing, target_id)
            self._move_samples([d for d in draws if d.moves(asker_id, run_id)], asker_id, run_id)
            made = [(ids[d.key], d.n, d.nth) for d in draws if d.sample is None]
            self._add_samples(made, first, scope_id=scope_id, asker_id=asker_id, run_id=run_id)
        return draws

    def samples(self, numbers: Iterable[int]) -> list[Sample]:
        """Return samples as they stand now, in the order of their numbers given; what was pruned is not among them."""
        with self._lock:
            return [_sample(*row) for row in self._execute("samples", {"rows": json_array(numbers)})]

    def _own(self, asker_id: int, run_id: int) -> dict[tuple[str, int], Sample]:
        """Return what an asker has drawn in this run, by request and how-manieth asking of it."""
        rows = self._execute("own_samples", {"asker_id": asker_id, "run_id": run_id})
        return {(key, columns[4]): _sample(*columns) for key, *columns in rows}

    def _known(self, bodies: dict[str, bytes]) -> tuple[dict[str, int], dict[str, list[Sample]]]:
        """Return the numbers and the pools of those requests that are known."""
        ids: dict[str, int] = {}
        pools: dict[str, list[Sample]] = {}
        without_body = []
        places = range(1, _KEY_BYTES * len(bodies), _KEY_BYTES)  # SQL counts from 1
        rows = self._execute("pool", {"keys": joined(bodies), "places": json_array(places)})
        for key, request_id, is_empty, *columns in rows:
            ids[key] = request_id
            if columns[0] is not None:
                pools.setdefault(key, []).append(_sample(*columns))
            if is_empty:
                without_body.append(key)
        # A recovered request may lack its body; the run that asks it again has it.
        self._many("fill_request", [(bodies[key], bytes.fromhex(key)) for key in without_body])
        return ids, pools

    def _add_requests(self, bodies: dict[str, bytes], target_id: int) -> dict[str, int]:
        if not bodies:
            return {}
        first = number = int(self._one("next_request_id")[0])
        for piece in _pieces(bodies):
            lengths = [len(bodies[key]) for key in piece]
            starts = accumulate(lengths, initial=1)  # SQL counts from 1
            values = {
                "first": number, "target_id": target_id, "keys": joined(piece),
                "bodies": b"".join([bodies[key] for key in piece]), "rows": json_array(zip(starts, lengths, strict=False)),
            }  # fmt: skip
            self._execute("add_requests", values)
            number += len(piece)
        return {key: first + i for i, key in enumerate(bodies)}

    def _move_samples(self, draws: Sequence[Draw], asker_id: int, run_id: int) -> None:
        self._many("draw_again", [(asker_id, run_id, d.nth, d.id) for d in draws])

    def _add_samples(self, made: Sequence[tuple[int, int, int]], first: int, **drawn_by: int) -> None:
        """Add samples: request, sample and how-manieth asking of each; they are numbered from `first`."""
        self._execute("add_samples", {**drawn_by, "first": first, "rows": json_array(made)})

    def claim_again(self, scope: str, asker: str, run_id: int) -> None:
        """Note that an asker's samples are drawn in this run too, though it does not ask: its rows are kept."""
        values = {"scope_id": self.scope_id(scope), "name": asker, "run_id": run_id}
        with self._transaction(durable=False):
            self._execute("claim_again", values)


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
