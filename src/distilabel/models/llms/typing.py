"""Door for the old import path: the types live in `distilabel.typing`."""

from distilabel.typing import GenerateOutput, HiddenState, LLMStatistics, Logprob, TokenCount

__all__ = ["GenerateOutput", "HiddenState", "LLMStatistics", "Logprob", "TokenCount"]
