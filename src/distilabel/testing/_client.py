"""The client of a fake model: the dialect and the transport of a real one, without network."""

from distilabel.models.embeddings.remote import RemoteEmbeddings
from distilabel.models.llms.remote import RemoteLLM
from distilabel.offline.client import ModelClient
from distilabel.providers.registry import platform
from distilabel.records import Target
from distilabel.testing.platform import FakePlatform
from distilabel.testing.responses import Responder
from distilabel.transport import HttpTransport

__all__ = ["SHARED_PLATFORM", "fake_client"]

SHARED_PLATFORM = FakePlatform()
"""Holds the batch jobs of all fake models of this process that were given no platform."""


def fake_client(model: RemoteLLM | RemoteEmbeddings, fake: FakePlatform, responder: Responder) -> ModelClient:
    """Return a client whose requests and batch jobs `responder` answers."""
    return ModelClient(
        Target(model.platform_name, fake.base_url, model.endpoint, model.model),
        platform(model.platform_name).dialect(fake.base_url),
        HttpTransport(fake.base_url, {}, transport=fake.transport_for(responder)),
        model.offline_batch_generation_block_until_done,
        model.offline_batch_options,
    )
