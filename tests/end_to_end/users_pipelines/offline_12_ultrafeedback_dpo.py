"""Two models answer, a third one rates the answers, and the ratings become preferences to train with; all by batch."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import FormatTextGenerationDPO, GroupColumns, KeepColumns, LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration, UltraFeedback

with Pipeline(name="ultrafeedback-dpo", description="Preferences by AI feedback") as pipeline:
    load_data = LoadDataFromDicts(
        name="load_data",
        data=[{"prompt": f"Why is {n} a number?"} for n in range(5)],
        output_mappings={"prompt": "instruction"},
    )
    answers = [
        TextGeneration(
            name=f"text_generation_{model}",
            llm=OpenAILLM(
                model=model,
                use_offline_batch_generation=True,
                generation_kwargs={"temperature": 0.7, "max_new_tokens": 512},
            ),
            output_mappings={"model_name": "generation_model"},
        )
        for model in ("small", "large")
    ]
    group = GroupColumns(
        columns=["generation", "generation_model"],
        output_columns=["generations", "generation_models"],
    )
    rate = UltraFeedback(
        aspect="overall-rating", llm=OpenAILLM(model="judge", use_offline_batch_generation=True)
    )
    to_dpo = FormatTextGenerationDPO()
    keep = KeepColumns(columns=["prompt", "chosen", "rejected", "chosen_model", "rejected_model"])
    load_data >> answers >> group >> rate >> to_dpo >> keep


def model_says(model, prompt):
    if model == "judge":
        return "[Text 1]\nRating: 2\nRationale: Too short.\n\n[Text 2]\nRating: 5\nRationale: Just right."
    return f"The {model} answer to: {prompt}"


def check(distiset):
    rows = list(distiset["default"]["train"])
    assert [row["prompt"] for row in rows] == [f"Why is {n} a number?" for n in range(5)]
    for row in rows:
        assert (row["chosen_model"], row["rejected_model"]) == ("large", "small")
        assert row["chosen"] == [
            {"role": "user", "content": row["prompt"]},
            {"role": "assistant", "content": f"The large answer to: {row['prompt']}"},
        ]
        assert row["rejected"][-1]["content"] == f"The small answer to: {row['prompt']}"


if __name__ == "__main__":
    distiset = pipeline.run()
