"""langchain-openai: chats, structured output in each method, tools, the Responses API, embeddings, completions."""

from checks import report
from langchain_openai import ChatOpenAI, OpenAI, OpenAIEmbeddings
from pydantic import BaseModel

llm = ChatOpenAI(model="toy")


class City(BaseModel):
    """A city."""

    name: str
    inhabitants: int


def chat() -> None:
    assert llm.invoke("Hi").text
    assert "".join(chunk.text for chunk in llm.stream("Hi"))
    assert len(llm.batch(["One", "Two"])) == 2


def structured() -> None:
    for method in ("json_schema", "function_calling"):
        found = llm.with_structured_output(City, method=method).invoke("Hi")
        assert isinstance(found, City), method


def tool_call() -> None:
    message = llm.bind_tools([City], tool_choice="required", strict=True).invoke("Hi")
    assert message.tool_calls[0]["name"] == "City"


def responses() -> None:
    over = ChatOpenAI(model="toy", use_responses_api=True)
    assert over.invoke("Hi").text
    assert "".join(chunk.text for chunk in over.stream("Hi"))
    assert isinstance(over.with_structured_output(City).invoke("Hi"), City)


def others() -> None:
    # Without check_embedding_ctx_length it counts tokens with data that it downloads.
    assert OpenAIEmbeddings(model="toy", check_embedding_ctx_length=False).embed_query("Hi")
    assert OpenAI(model="toy").invoke("Hi")


if __name__ == "__main__":
    report(
        "langchain-openai",
        [
            ("chat, streamed, many at once", chat),
            ("structured output by schema and by function", structured),
            ("required tool call, strict", tool_call),
            ("Responses API, streamed, structured", responses),
            ("embeddings, completions", others),
        ],
    )
