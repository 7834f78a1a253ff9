"""DEITA: instructions and answers evolve, are scored and embedded, and the best that differ are kept; all by batch."""

import re

from distilabel.llms import OpenAILLM
from distilabel.models import OpenAIEmbeddings
from distilabel.pipeline import Pipeline
from distilabel.steps import (
    ConversationTemplate,
    DeitaFiltering,
    EmbeddingGeneration,
    ExpandColumns,
    LoadDataFromDicts,
)
from distilabel.steps.tasks import ComplexityScorer, EvolInstruct, EvolQuality, QualityScorer

WRITER = OpenAILLM(model="writer", use_offline_batch_generation=True)
SCORER = OpenAILLM(model="scorer", use_offline_batch_generation=True)

with Pipeline(name="DEITA") as pipeline:
    load_data = LoadDataFromDicts(
        name="load_data", data=[{"instruction": "Name a river."}, {"instruction": "Explain rain."}]
    )
    evol_instruction_complexity = EvolInstruct(
        name="evol_instruction_complexity",
        llm=WRITER,
        num_evolutions=2,
        store_evolutions=True,
        generate_answers=True,
        include_original_instruction=True,
    )
    instruction_complexity_scorer = ComplexityScorer(
        name="instruction_complexity_scorer",
        llm=SCORER,
        input_mappings={"instructions": "evolved_instructions"},
    )
    expand_evolved_instructions = ExpandColumns(
        name="expand_evolved_instructions",
        columns=["evolved_instructions", "answers", "scores"],
        output_mappings={
            "evolved_instructions": "evolved_instruction",
            "answers": "answer",
            "scores": "evol_instruction_score",
        },
    )
    evol_response_quality = EvolQuality(
        name="evol_response_quality",
        llm=WRITER,
        num_evolutions=1,
        store_evolutions=True,
        include_original_response=True,
        input_mappings={"instruction": "evolved_instruction", "response": "answer"},
    )
    response_quality_scorer = QualityScorer(
        name="response_quality_scorer",
        llm=SCORER,
        input_mappings={"instruction": "evolved_instruction", "responses": "evolved_responses"},
    )
    expand_evolved_responses = ExpandColumns(
        name="expand_evolved_responses",
        columns=["evolved_responses", "scores"],
        output_mappings={"evolved_responses": "evolved_response", "scores": "evol_response_score"},
    )
    generate_conversation = ConversationTemplate(
        name="generate_conversation",
        input_mappings={"instruction": "evolved_instruction", "response": "evolved_response"},
    )
    generate_embeddings = EmbeddingGeneration(
        name="generate_embeddings",
        embeddings=OpenAIEmbeddings(model="text-embedding-3-small", use_offline_batch_generation=True),
        input_mappings={"text": "evolved_instruction"},
    )
    deita_filtering = DeitaFiltering(name="deita_filtering", data_budget=3)

    (
        load_data
        >> evol_instruction_complexity
        >> instruction_complexity_scorer
        >> expand_evolved_instructions
        >> evol_response_quality
        >> response_quality_scorer
        >> expand_evolved_responses
        >> generate_conversation
        >> generate_embeddings
        >> deita_filtering
    )

# Rows with the same instruction are embedded alike.
ASKED_OFTEN = True


def model_says(model, prompt):
    if model == "scorer":
        count = max(int(number) for number in re.findall(r"^\[(\d+)\]", prompt, re.MULTILINE))
        return "\n".join(f"[{n}] Score: {min(n, 5)}" for n in range(1, count + 1))
    return None


def check(distiset):
    rows = list(distiset["default"]["train"])
    assert 1 <= len(rows) <= 3
    # Two instructions, each evolved twice and kept, each answer evolved once and kept: the best are the last ones.
    assert rows[0]["deita_score"] == 3 * 2
    assert rows[0]["deita_score_computed_with"] == ["evol_instruction_score", "evol_response_score"]
    for row in rows:
        assert [message["role"] for message in row["conversation"]] == ["user", "assistant"]
        assert row["conversation"][0]["content"] == row["evolved_instruction"]
        assert row["conversation"][1]["content"] == row["evolved_response"]
        assert row["instruction"] in ("Name a river.", "Explain rain.")


if __name__ == "__main__":
    distiset = pipeline.run(parameters={"deita_filtering": {"diversity_threshold": 0.04}})
