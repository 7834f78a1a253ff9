"""The key of a service account that exists nowhere: made for these tests, and good for nothing else."""

import json
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

__all__ = ["account_file", "private_key"]

_PEM = Path(__file__).with_name("google_test_key.pem")


@cache
def private_key() -> RSAPrivateKey:
    """Return the key."""
    key = load_pem_private_key(_PEM.read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    return key


def account_file(url: str, name: str, folder: Path) -> Path:
    """Write a service account's file, as Google Cloud gives it out; its tokens come from `url`."""
    path = folder / "service-account.json"
    account = {
        "type": "service_account", "project_id": "p", "private_key_id": "1", "private_key": _PEM.read_text(),
        "client_email": name, "client_id": "2", "token_uri": f"{url}/token",
    }  # fmt: skip
    path.write_text(json.dumps(account))
    return path
