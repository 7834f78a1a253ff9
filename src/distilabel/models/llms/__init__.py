"""Large language models: one class a platform, one base for a user's own."""

from distilabel.models.llms.anyscale import AnyscaleLLM
from distilabel.models.llms.azure import AzureOpenAILLM
from distilabel.models.llms.base import LLM, AsyncLLM
from distilabel.models.llms.compatible import OpenAICompatibleLLM
from distilabel.models.llms.fireworks import FireworksLLM
from distilabel.models.llms.groq import GroqLLM
from distilabel.models.llms.inference_endpoints import InferenceEndpointsLLM
from distilabel.models.llms.mistral import MistralLLM
from distilabel.models.llms.ollama import OllamaLLM
from distilabel.models.llms.openai import OpenAILLM
from distilabel.models.llms.together import TogetherLLM
from distilabel.models.llms.vllm import vLLM
from distilabel.models.llms.vllm_server import ClientvLLM

__all__ = [
    "LLM",
    "AnyscaleLLM",
    "AsyncLLM",
    "AzureOpenAILLM",
    "ClientvLLM",
    "FireworksLLM",
    "GroqLLM",
    "InferenceEndpointsLLM",
    "MistralLLM",
    "OllamaLLM",
    "OpenAICompatibleLLM",
    "OpenAILLM",
    "TogetherLLM",
    "vLLM",
]
