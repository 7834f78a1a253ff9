"""pydantic-ai with its default for `openai:`, which is the Responses API, and with `openai-chat:`."""

from checks import report
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput


class City(BaseModel):
    name: str
    inhabitants: int


def text(prefix: str) -> None:
    assert Agent(f"{prefix}:toy", instructions="Be brief.").run_sync("Hi").output


def structured(prefix: str) -> None:
    assert isinstance(Agent(f"{prefix}:toy", output_type=City).run_sync("Hi").output, City)
    native = Agent(f"{prefix}:toy", output_type=NativeOutput(City))
    assert isinstance(native.run_sync("Hi").output, City)


def tools(prefix: str) -> None:
    agent = Agent(f"{prefix}:toy", output_type=City)
    called = []

    @agent.tool_plain
    def weather(city: str) -> str:
        called.append(city)
        return "4 degrees"

    assert isinstance(agent.run_sync("Hi").output, City)
    assert called


def streamed(prefix: str) -> None:
    assert "".join(Agent(f"{prefix}:toy").run_stream_sync("Hi").stream_text(delta=True))


if __name__ == "__main__":
    report(
        "pydantic-ai-slim",
        [
            (f"{prefix}: {what}", lambda check=check, prefix=prefix: check(prefix))
            for prefix in ("openai", "openai-chat")
            for what, check in (
                ("text", text),
                ("output type, by tool and native", structured),
                ("a tool and then the output", tools),
                ("streamed", streamed),
            )
        ],
    )
