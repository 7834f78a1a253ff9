"""How a pipeline runs: plan, scheduler, engine, executor."""
