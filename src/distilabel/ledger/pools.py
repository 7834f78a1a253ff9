"""The pools of samples: drawing from them, and registering what they lack."""

from collections import Counter
from collections.abc import Iterable, Sequence

from distilabel.ledger.draw import Draw, Sample, draw
from distilabel.ledger.rows import json_array
from distilabel.ledger.states import SampleState
from distilabel.ledger.writer import Writer
from distilabel.records import Target, request_key

__all__ = ["Pools"]


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
        keys = [request_key(scope, target, body) for body in bodies]
        scope_id, target_id = self.scope_id(scope), self.target_id(target)
        with self._transaction(durable=False):
            asker_id = self._known_or_new("asker_id", "add_asker", scope_id=scope_id, name=asker)
            ids = self._request_ids(dict(zip(keys, bodies, strict=True)), target_id)
            draws = draw(keys, self._pools(keys), asker_id=asker_id, run_id=run_id, drawn=drawn)
            self._record_draws(draws, ids, scope_id, asker_id, run_id)
        return draws

    def _request_ids(self, bodies: dict[str, bytes], target_id: int) -> dict[str, int]:
        known = self._execute("known_requests", {"keys": json_array(bodies)}).fetchall()
        ids = {key: number for key, number, _ in known}
        missing = [key for key in bodies if key not in ids]
        # A recovered request may lack its body; the run that asks it again has it.
        self._many("fill_request", [(bodies[key], key) for key, _, is_empty in known if is_empty])
        if missing:
            first = int(self._one("next_request_id")[0])
            ids |= {key: first + i for i, key in enumerate(missing)}
            self._many("add_request", [(ids[key], key, target_id, bodies[key]) for key in missing])
        return ids

    def _pools(self, keys: Iterable[str]) -> dict[str, list[Sample]]:
        pools: dict[str, list[Sample]] = {}
        for key, *columns, start, length, code, message, path, job in self._execute(
            "pool", {"keys": json_array(set(keys))}
        ):
            number, n, asker_id, run_id, nth, state, attempts = columns
            where = (path, start, length) if path is not None else None
            pools.setdefault(key, []).append(
                Sample(
                    number, n, asker_id, run_id, nth, SampleState(state), attempts, where, code, message, job
                )
            )
        return pools

    def _record_draws(
        self, draws: Sequence[Draw], ids: dict[str, int], scope_id: int, asker_id: int, run_id: int
    ) -> None:
        self._many(
            "draw_again",
            [(asker_id, run_id, d.nth, d.sample.id) for d in draws if d.sample and d.moves(asker_id, run_id)],
        )
        self._many(
            "add_sample",
            [(ids[d.key], d.n, scope_id, asker_id, run_id, d.nth) for d in draws if d.sample is None],
        )

    def claim_again(self, scope: str, asker: str, run_id: int) -> None:
        """Note that an asker's samples are drawn in this run too, though it does not ask: its rows are kept."""
        values = {"scope_id": self.scope_id(scope), "name": asker, "run_id": run_id}
        with self._transaction(durable=False):
            self._execute("claim_again", values)

    def awaits(self, scope: str, asker: str) -> bool:
        """Tell whether an asker has samples that are neither answered nor failed."""
        with self._lock:
            return bool(self._one("open_of_asker", scope_id=self.scope_id(scope), name=asker)[0])
