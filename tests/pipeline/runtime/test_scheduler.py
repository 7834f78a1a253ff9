"""What to do next: every chunk once, from the right inputs, to the end; proved on graphs drawn by chance."""

import random
from collections import Counter
from math import ceil, lcm

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilabel.pipeline.runtime.commands import Generate, Process
from distilabel.pipeline.runtime.plan import Source, StepPlan
from distilabel.pipeline.runtime.scheduler import Scheduler

LOAD = StepPlan("load")


def one_by_one(plans, workers):
    return Scheduler(plans, workers, chunks_per_item=1)


def commands(scheduler):
    """Return what is to be started now, item by item."""
    return [command for item in scheduler.next_items() for command in item]


def gives(scheduler, count, *, step="load", to=None):
    """Let a generator give chunks, one after the other, without an end; return what else is to be started."""
    others = []
    for _ in range(count):
        begun = commands(scheduler)
        others += [command for command in begun if isinstance(command, Process)]
        asked = [command for command in begun if command == Generate(step, command.index)]
        assert asked, f"{step} is not asked"
        scheduler.generated(step, asked[0].index, last=False, to=to)
    return others


class TestGenerators:
    def test_one_chunk_is_asked_for_at_a_time(self):
        scheduler = one_by_one([LOAD], workers=4)
        assert commands(scheduler) == [Generate("load", 0)]
        assert commands(scheduler) == []
        scheduler.generated("load", 0, last=False)
        assert commands(scheduler) == [Generate("load", 1)]

    def test_last_chunk_ends_it(self):
        scheduler = one_by_one([LOAD], workers=4)
        commands(scheduler)
        scheduler.generated("load", 0, last=True)
        assert (scheduler.finished, commands(scheduler), scheduler.chunks("load")) == (True, [], [0])

    def test_one_that_has_nothing_ends_all_that_stands_below(self):
        plans = [LOAD, StepPlan("a", (Source("load", 3),)), StepPlan("all", (Source("a", None),))]
        scheduler = one_by_one(plans, workers=4)
        commands(scheduler)
        scheduler.exhausted("load")
        assert scheduler.finished
        assert [scheduler.chunks(name) for name in ("load", "a", "all")] == [[], [], []]

    def test_it_is_not_asked_while_sixteen_chunks_wait_for_a_slow_step(self):
        scheduler = one_by_one([LOAD, StepPlan("slow", (Source("load"),))], workers=8)
        gives(scheduler, 1 + 16)
        assert [c for c in commands(scheduler) if isinstance(c, Generate)] == []
        scheduler.processed("slow", 0)
        assert commands(scheduler) == [Process("slow", 1, (("load", (1,)),)), Generate("load", 17)]

    def test_chunks_that_wait_for_replies_are_no_backlog(self):
        scheduler = one_by_one([LOAD, StepPlan("ask", (Source("load"),))], workers=2)
        for index in range(50):
            commands(scheduler)
            scheduler.generated("load", index, last=False)
            commands(scheduler)
            scheduler.park("ask", index)
        assert scheduler.parked == {"ask": 50}
        assert scheduler.idle is False

    def test_parked_one_is_asked_for_the_same_chunk_again(self):
        scheduler = one_by_one([LOAD], workers=2)
        commands(scheduler)
        scheduler.park("load", 0)
        assert (commands(scheduler), scheduler.idle, scheduler.finished) == ([], True, False)
        scheduler.wake("load", 0)
        assert commands(scheduler) == [Generate("load", 0)]
        assert commands(scheduler) == []

    def test_one_that_knows_how_many_it_gives_is_asked_on_while_chunks_wait(self):
        scheduler = one_by_one(
            [StepPlan("load", chunks=3), StepPlan("all", (Source("load", None),))], workers=4
        )
        for index in range(3):
            assert commands(scheduler) == [Generate("load", index)]
            scheduler.park("load", index)
        assert (commands(scheduler), scheduler.idle) == ([], True)
        # They come in any order, the last one first; what stands below goes by their numbers.
        for index in (2, 0, 1):
            scheduler.wake("load", index)
            assert commands(scheduler) == [Generate("load", index)]
            scheduler.generated("load", index, last=index == 2)
        assert commands(scheduler) == [Process("all", 0, (("load", (0, 1, 2)),))]
        scheduler.processed("all", 0)
        assert scheduler.finished

    def test_wide_step_takes_the_chunks_of_one_that_is_asked_on_by_their_numbers(self):
        scheduler = one_by_one(
            [StepPlan("load", chunks=3), StepPlan("two", (Source("load", 2),), 2)], workers=4
        )
        for index in range(3):
            commands(scheduler)
            scheduler.park("load", index)
        given = []
        for index in (2, 1, 0):
            scheduler.wake("load", index)
            commands(scheduler)
            scheduler.generated("load", index, last=index == 2)
            given += [command for command in commands(scheduler) if isinstance(command, Process)]
        assert given == [Process("two", 1, (("load", (2,)),)), Process("two", 0, (("load", (0, 1)),))]
        scheduler.processed("two", 1)
        scheduler.processed("two", 0)
        assert scheduler.finished

    def test_woken_one_waits_for_a_free_worker_and_is_then_asked_once(self):
        plans = [StepPlan("first"), StepPlan("second")]
        scheduler = one_by_one(plans, workers=1)
        asked = commands(scheduler)
        assert len(asked) == 1
        name = asked[0].step
        scheduler.park(name, 0)
        assert len(commands(scheduler)) == 1
        scheduler.wake(name, 0)
        assert commands(scheduler) == []


class TestTurns:
    def test_a_step_that_takes_one_at_a_time_is_given_several_chunks_at_once_after_its_first(self):
        scheduler = Scheduler([LOAD, StepPlan("s", (Source("load"),))], workers=4, chunks_per_item=3)
        assert scheduler.next_items() == [tuple(Generate("load", i) for i in range(3))]
        for index in range(3):
            scheduler.generated("load", index, last=False)
        process = [Process("s", i, (("load", (i,)),)) for i in range(5)]
        assert scheduler.next_items() == [tuple(process[:1]), tuple(Generate("load", i) for i in (3, 4, 5))]
        scheduler.generated("load", 3, last=False)
        scheduler.generated("load", 4, last=True)
        scheduler.processed("s", 0)
        assert scheduler.next_items() == [tuple(process[1:4])]
        scheduler.processed("s", 1)
        assert scheduler.next_items() == []  # that one worker is still busy with the step
        for index in (2, 3):
            scheduler.processed("s", index)
        assert scheduler.next_items() == [tuple(process[4:])]

    def test_a_step_that_takes_several_at_a_time_is_given_one_by_each_worker(self):
        scheduler = Scheduler([LOAD, StepPlan("s", (Source("load"),), 2)], workers=9, chunks_per_item=3)
        scheduler.next_items()
        for index in range(3):
            scheduler.generated("load", index, last=False)
        assert [len(item) for item in scheduler.next_items() if item[0].step == "s"] == [1, 1]

    def test_a_generator_that_waits_for_replies_is_asked_for_the_rest_of_its_turn_again(self):
        scheduler = Scheduler([StepPlan("load", chunks=9)], workers=2, chunks_per_item=3)
        scheduler.next_items()
        scheduler.generated("load", 0, last=False)
        scheduler.park("load", 1)
        assert scheduler.next_items() == [tuple(Generate("load", i) for i in (2, 3, 4))]


class TestWidths:
    def test_a_wide_step_waits_until_all_its_chunks_are_there(self):
        scheduler = one_by_one([LOAD, StepPlan("wide", (Source("load", 3),))], workers=4)
        assert gives(scheduler, 2) == []
        assert gives(scheduler, 1) == []
        assert Process("wide", 0, (("load", (0, 1, 2)),)) in commands(scheduler)

    def test_the_last_one_takes_what_is_left(self):
        scheduler = one_by_one([LOAD, StepPlan("wide", (Source("load", 3),))], workers=4)
        gives(scheduler, 3)
        commands(scheduler)
        scheduler.generated("load", 3, last=True)
        scheduler.processed("wide", 0)
        assert commands(scheduler) == [Process("wide", 1, (("load", (3,)),))]
        scheduler.processed("wide", 1)
        assert scheduler.finished

    def test_an_end_without_rows_makes_no_further_chunk(self):
        scheduler = one_by_one([LOAD, StepPlan("wide", (Source("load", 2),))], workers=4)
        gives(scheduler, 2)
        assert len(commands(scheduler)) == 2
        scheduler.exhausted("load")
        scheduler.processed("wide", 0)
        assert scheduler.finished

    def test_branches_of_different_width_meet_on_the_same_chunks(self):
        plans = [
            LOAD,
            StepPlan("a", (Source("load", 1),)),
            StepPlan("b", (Source("load", 2),)),
            StepPlan("both", (Source("a", 2), Source("b", 1))),
        ]
        scheduler = one_by_one(plans, workers=8)
        gives(scheduler, 1)
        commands(scheduler)
        scheduler.generated("load", 1, last=True)
        scheduler.processed("a", 0)
        commands(scheduler)
        scheduler.processed("b", 0)
        assert commands(scheduler) == []
        scheduler.processed("a", 1)
        assert commands(scheduler) == [Process("both", 0, (("a", (0, 1)), ("b", (0,))))]


class TestAllAtOnce:
    PLANS = (LOAD, StepPlan("all", (Source("load", None),)), StepPlan("after", (Source("all"),)))

    def test_it_takes_every_chunk_and_may_give_several(self):
        scheduler = one_by_one(self.PLANS, workers=4)
        assert gives(scheduler, 2) == []
        commands(scheduler)
        scheduler.generated("load", 2, last=True)
        assert commands(scheduler) == [Process("all", 0, (("load", (0, 1, 2)),))]
        scheduler.processed("all", 0, chunks=2)
        assert commands(scheduler) == [Process("after", 0, (("all", (0,)),))]
        scheduler.processed("after", 0)
        assert commands(scheduler) == [Process("after", 1, (("all", (1,)),))]
        scheduler.processed("after", 1)
        assert scheduler.finished

    def test_one_that_every_chunk_is_routed_past_is_done_with_nothing(self):
        plans = [
            StepPlan("load", branches=("all", "other")),
            StepPlan("all", (Source("load", None),)),
            StepPlan("other", (Source("load"),)),
            StepPlan("after", (Source("all"),)),
        ]
        scheduler = one_by_one(plans, workers=4)
        commands(scheduler)
        scheduler.generated("load", 0, last=True, to=("other",))
        assert commands(scheduler) == [Process("other", 0, (("load", (0,)),))]
        scheduler.processed("other", 0)
        assert scheduler.finished
        assert (scheduler.chunks("all"), scheduler.chunks("after")) == ([], [])


class TestRoutes:
    PLANS = (
        StepPlan("load", branches=("a", "b")),
        StepPlan("a", (Source("load"),)),
        StepPlan("b", (Source("load"),)),
        StepPlan("join", (Source("a"), Source("b"))),
    )

    def test_chunk_goes_only_where_its_route_leads(self):
        scheduler = one_by_one(self.PLANS, workers=8)
        commands(scheduler)
        scheduler.generated("load", 0, last=False, to=["b"])
        assert Process("b", 0, (("load", (0,)),)) in commands(scheduler)
        scheduler.processed("b", 0)
        assert commands(scheduler) == [Process("join", 0, (("a", ()), ("b", (0,))))]
        assert scheduler.chunks("a") == []

    def test_chunk_that_goes_nowhere_is_passed_over_everywhere(self):
        scheduler = one_by_one(self.PLANS, workers=8)
        commands(scheduler)
        scheduler.generated("load", 0, last=True, to=[])
        assert (commands(scheduler), scheduler.finished) == ([], True)
        assert scheduler.chunks("join") == []


class TestParking:
    PLANS = (LOAD, StepPlan("ask", (Source("load"),)), StepPlan("after", (Source("ask"),)))

    def two_chunks(self):
        scheduler = one_by_one(self.PLANS, workers=8)
        gives(scheduler, 1)
        commands(scheduler)
        scheduler.generated("load", 1, last=True)
        return scheduler

    def test_other_chunks_flow_past_a_parked_one(self):
        scheduler = self.two_chunks()
        scheduler.park("ask", 0)
        assert commands(scheduler) == [Process("ask", 1, (("load", (1,)),))]
        scheduler.processed("ask", 1)
        assert commands(scheduler) == [Process("after", 1, (("ask", (1,)),))]
        scheduler.processed("after", 1)
        assert (scheduler.idle, scheduler.finished, scheduler.parked) == (True, False, {"ask": 1})

    def test_woken_chunk_is_processed_again_from_the_same_inputs(self):
        scheduler = self.two_chunks()
        scheduler.park("ask", 0)
        commands(scheduler)
        scheduler.wake("ask", 0)
        scheduler.processed("ask", 1)
        assert Process("ask", 0, (("load", (0,)),)) in commands(scheduler)
        scheduler.processed("ask", 0)
        assert scheduler.ended("ask")

    def test_waking_what_is_not_parked_does_nothing(self):
        scheduler = self.two_chunks()
        scheduler.wake("ask", 0)
        scheduler.wake("ask", 7)
        scheduler.processed("ask", 0)
        assert [c.index for c in commands(scheduler) if c.step == "ask"] == [1]
        scheduler.processed("ask", 1)
        assert [c for c in commands(scheduler) if c.step == "ask"] == []


class TestLimits:
    def test_a_step_has_no_more_chunks_under_way_than_its_concurrency(self):
        scheduler = one_by_one([LOAD, StepPlan("s", (Source("load"),), concurrency=2)], workers=8)
        gives(scheduler, 5)
        begun = commands(scheduler)
        scheduler.processed("s", 0)
        assert [c.index for c in (*begun, *commands(scheduler)) if c.step == "s"] == [2]

    def test_no_more_is_under_way_than_there_are_workers(self):
        plans = [LOAD, StepPlan("s", (Source("load"),), concurrency=9)]
        scheduler = one_by_one(plans, workers=2)
        begun = []
        for index in range(2):
            begun += commands(scheduler)
            scheduler.generated("load", index, last=False)
        begun += commands(scheduler)
        assert [c for c in begun if isinstance(c, Process)] == [
            Process("s", 0, (("load", (0,)),)),
            Process("s", 1, (("load", (1,)),)),
        ]
        assert commands(scheduler) == []

    def test_later_steps_come_first_so_that_little_lies_about(self):
        plans = [LOAD, StepPlan("a", (Source("load"),)), StepPlan("b", (Source("a"),))]
        scheduler = one_by_one(plans, workers=1)
        commands(scheduler)
        scheduler.generated("load", 0, last=False)
        assert commands(scheduler) == [Process("a", 0, (("load", (0,)),))]
        scheduler.processed("a", 0)
        assert commands(scheduler) == [Process("b", 0, (("a", (0,)),))]


# Graphs drawn by chance, against a model


class Graph:
    """A graph, how many chunks its generators give, how many a gathering step gives, and where routes lead."""

    def __init__(self, plans, chunks, parts, seed):
        self.plans = {plan.name: plan for plan in plans}
        self.chunks = chunks
        self.parts = parts
        self.seed = seed

    def __repr__(self):
        return f"Graph({list(self.plans.values())}, {self.chunks}, {self.parts}, {self.seed})"

    def route(self, step, index):
        branches = self.plans[step].branches
        if not branches:
            return None
        chance = random.Random(f"{self.seed}/{step}/{index}")
        return [branch for branch in branches if chance.random() < 0.6]


@st.composite
def graphs(draw):
    plans, origin, span, chunks, parts = [], {}, {}, {}, {}
    taken = set()  # steps whose rows are routed: their branches are drawn with them

    def add(name, sources, branches=()):
        plans.append(StepPlan(name, sources, draw(st.integers(1, 3)), tuple(branches)))

    for i in range(draw(st.integers(1, 2))):
        name = f"g{i}"
        plans.append(StepPlan(name))
        origin[name], span[name], chunks[name] = name, 1, draw(st.integers(0, 7))
    for i in range(draw(st.integers(0, 6))):
        name = f"s{i}"
        free = [plan.name for plan in plans if plan.name not in taken]
        kind = draw(st.sampled_from(["one", "one", "several", "all", "route"]))
        if not free:
            break
        first = draw(st.sampled_from(free))
        if kind == "route":
            # `first` routes among two or three branches, which may converge again.
            taken.add(first)
            branches = [f"{name}b{j}" for j in range(draw(st.integers(2, 3)))]
            at = next(n for n, plan in enumerate(plans) if plan.name == first)
            plans[at] = StepPlan(first, plans[at].sources, plans[at].concurrency, tuple(branches))
            for branch in branches:
                if draw(st.integers(0, 4)) == 0:
                    add(branch, (Source(first, None),))
                    origin[branch], span[branch], parts[branch] = branch, 1, draw(st.integers(1, 3))
                else:
                    add(branch, (Source(first, width := draw(st.integers(1, 2))),))
                    origin[branch], span[branch] = origin[first], span[first] * width
            continue
        sources = {first}
        if kind == "several":
            kin = [other for other in free if origin[other] == origin[first]]
            sources |= set(draw(st.lists(st.sampled_from(kin), max_size=2)))
        if kind == "all":
            sources |= set(draw(st.lists(st.sampled_from(free), max_size=1)))
            add(name, tuple(Source(source, None) for source in sorted(sources)))
            origin[name], span[name], parts[name] = name, 1, draw(st.integers(1, 3))
            continue
        whole = lcm(*(span[source] for source in sources)) * draw(st.integers(1, 3))
        add(name, tuple(Source(source, whole // span[source]) for source in sorted(sources)))
        origin[name], span[name] = origin[first], whole
    return Graph(plans, chunks, parts, draw(st.integers(0, 99)))


def expected(graph):
    """The model: from which chunks each chunk is made, worked out from the graph alone."""
    made, total, there = {}, {}, {}
    for plan in graph.plans.values():
        name = plan.name
        if not plan.sources:
            total[name] = graph.chunks[name]
            there[name] = {i: graph.route(name, i) for i in range(total[name])}
            continue

        def inputs(numbers, plan=plan):
            return tuple(
                (
                    source.step,
                    tuple(
                        i
                        for i in numbers(source)
                        if i in there[source.step]
                        and (there[source.step][i] is None or plan.name in there[source.step][i])
                    ),
                )
                for source in plan.sources
            )

        if plan.sources[0].width is None:
            own = {0: inputs(lambda source: range(total[source.step]))}
            empty = not any(total[source.step] for source in plan.sources)
            taken = any(numbers for _, numbers in own[0])
            total[name] = 0 if empty else graph.parts[name] if taken else 1
        else:
            total[name] = max(ceil(total[source.step] / source.width) for source in plan.sources)
            own = {
                i: inputs(lambda source, i=i: range(i * source.width, (i + 1) * source.width))
                for i in range(total[name])
            }
        own = {i: found for i, found in own.items() if any(numbers for _, numbers in found)}
        made |= {(name, i): found for i, found in own.items()}
        given = range(total[name]) if plan.sources[0].width is None and own else own
        there[name] = {i: graph.route(name, i) for i in given}
    return made, there


def simulate(graph, workers, chance, chunks_per_item=1):
    """Drive the scheduler as a run does, in an order by chance; return it, and from what each chunk was made."""
    scheduler = Scheduler(list(graph.plans.values()), workers, chunks_per_item)
    items, parked, made, asked = [], [], {}, Counter()
    for _ in range(5_000):
        items += map(list, scheduler.next_items())
        busy = Counter(item[0].step for item in items)
        assert len(items) <= workers
        assert all(count <= graph.plans[step].concurrency for step, count in busy.items())
        assert all(len({command.step for command in item}) == 1 for item in items)
        assert all(len(item) <= chunks_per_item for item in items)
        assert scheduler.parked == Counter(command.step for command in parked)
        if scheduler.finished:
            assert not items
            assert not parked
            return scheduler, made
        if parked and (not items or chance.random() < 0.3):
            woken = parked.pop(chance.randrange(len(parked)))
            scheduler.wake(woken.step, woken.index)
            continue
        assert items, "nothing is under way, nothing is parked, and it is not finished"
        assert not scheduler.idle
        item = items[chance.randrange(len(items))]
        command = item.pop(0)
        asked[command] += 1
        if asked[command] < 3 and chance.random() < 0.2:
            scheduler.park(command.step, command.index)
            parked.append(command)
            goes_on = isinstance(command, Process)
        else:
            goes_on = finish(graph, scheduler, command, made, chance)
        if not item or not goes_on:
            items = [other for other in items if other is not item]
    raise AssertionError("it never ends")


def finish(graph, scheduler, command, made, chance):
    """Let a command be done; tell whether its item goes on."""
    step, index = command.step, command.index
    if isinstance(command, Generate):
        count = graph.chunks[step]
        if index == count:
            scheduler.exhausted(step)
            return False
        assert (step, index) not in made
        made[step, index] = ()
        last = index + 1 == count and chance.random() < 0.5
        scheduler.generated(step, index, last=last, to=graph.route(step, index))
        return not last
    assert (step, index) not in made, "a chunk is processed twice"
    made[step, index] = command.inputs
    parts = graph.parts.get(step, 1)
    numbers = range(parts) if step in graph.parts else [index]
    to = [graph.route(step, number) or () for number in numbers] if graph.plans[step].branches else None
    scheduler.processed(step, index, chunks=parts, to=to)
    return True


@settings(max_examples=400, deadline=None)
@given(
    graph=graphs(), workers=st.integers(1, 6), chunks_per_item=st.integers(1, 4), seed=st.integers(0, 2**32)
)
def test_every_chunk_is_processed_once_from_exactly_the_right_inputs_and_the_run_ends(
    graph, workers, chunks_per_item, seed
):
    scheduler, made = simulate(graph, workers, random.Random(seed), chunks_per_item)
    wanted, there = expected(graph)
    assert {chunk: inputs for chunk, inputs in made.items() if graph.plans[chunk[0]].sources} == wanted
    for name, chunks in there.items():
        assert scheduler.chunks(name) == [i for i, to in sorted(chunks.items()) if to is None or to]


@settings(max_examples=60, deadline=None)
@given(widths=st.lists(st.integers(1, 4), min_size=1, max_size=4), seed=st.integers(0, 2**32))
def test_what_lies_about_is_bounded_however_slow_the_steps_are(widths, seed):
    """A generator without an end, in front of a line of steps that take their time."""
    chance = random.Random(seed)
    plans = [LOAD]
    for i, width in enumerate(widths):
        plans.append(StepPlan(f"s{i}", (Source(plans[-1].name, width),)))
    scheduler = one_by_one(plans, workers=8)
    running, given, done = [], Counter(), Counter()
    for _ in range(600):
        running += commands(scheduler)
        slow = [command for command in running if isinstance(command, Process)]
        command = next((c for c in running if isinstance(c, Generate)), None)
        if command is None or chance.random() < 0.1:
            command = chance.choice(slow or running)
        running.remove(command)
        done[command.step] += 1
        if isinstance(command, Generate):
            scheduler.generated("load", command.index, last=False)
        else:
            given[command.inputs[0][0]] += len(command.inputs[0][1])
            scheduler.processed(command.step, command.index)
        waiting = sum(
            (done[s] - given[s]) / w for s, w in zip(("load", "s0", "s1", "s2"), widths, strict=False)
        )
        assert waiting <= 17 + 2 * len(widths)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("count", [0, 1, 5])
def test_two_generators_of_different_length_end_each_by_itself(count, seed):
    plans = [
        StepPlan("short"),
        StepPlan("long"),
        StepPlan("all", (Source("short", None), Source("long", None))),
    ]
    graph = Graph(plans, {"short": count, "long": 6}, {"all": 1}, 0)
    _, made = simulate(graph, 3, random.Random(seed))
    assert made["all", 0] == (("short", tuple(range(count))), ("long", tuple(range(6))))
