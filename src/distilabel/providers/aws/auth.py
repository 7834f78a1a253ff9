"""Authentication with AWS: Signature Version 4, by botocore and the credentials that it finds.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html and
https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html (November 2026).
"""

import os
import re
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from distilabel._optional import require
from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelUnreachableError,
)

__all__ = ["AwsSigner"]

_DIGEST = "x-amz-content-sha256"
_REGION = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-[0-9]+)\.")
_DEFAULT_REGION = "us-east-1"


class AwsSigner:
    """Signs each request. A request with the digest of its payload in a header goes to S3, all others go to Bedrock.

    The credentials are those that AWS's own tools find (environment, profile, SSO, role of the machine). They are renewed
    when they expire. The region is the one in the host name, else `AWS_REGION`, `AWS_DEFAULT_REGION` or `us-east-1`.

    Raises:
        DistilabelAuthenticationError: There are no credentials.
        DistilabelMissingPackageError: botocore is not installed.
    """

    def __init__(self) -> None:
        self._auth = require("botocore.auth", "aws")
        self._request = require("botocore.awsrequest", "aws").AWSRequest
        self._exceptions = require("botocore.exceptions", "aws")
        self._unsigned = require("botocore.config", "aws").Config(s3={"payload_signing_enabled": False})
        self._lock = threading.Lock()
        self._credentials = self._mapping_errors(require("botocore.session", "aws").Session().get_credentials)
        if self._credentials is None:
            raise DistilabelAuthenticationError(
                "No AWS credentials: run `aws configure` or `aws sso login`, or set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY."
            )
        frozen = self._frozen_credentials()
        # The keys of a session change, the account stays.
        self.account = str(getattr(frozen, "account_id", None) or frozen.access_key)

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Mapping[str, str]:
        """Return the headers of the request with its signature."""
        parts = urlsplit(url)
        kept = {name: value for name, value in headers.items() if _is_signed(name)}
        request = self._request(
            method, url.partition("?")[0], kept, body or b"", params=dict(parse_qsl(parts.query)) or None
        )
        request.context["client_config"] = self._unsigned
        kind, service = ("S3SigV4Auth", "s3") if _DIGEST in kept else ("SigV4Auth", "bedrock")
        getattr(self._auth, kind)(self._frozen_credentials(), service, _region(parts.netloc)).add_auth(
            request
        )
        return dict(request.headers.items())

    def _frozen_credentials(self) -> Any:
        with self._lock:
            return self._mapping_errors(self._credentials.get_frozen_credentials)

    def _mapping_errors(self, function: Any) -> Any:
        try:
            return function()
        except (self._exceptions.HTTPClientError, self._exceptions.ConnectionError) as fault:
            raise DistilabelUnreachableError(
                f"AWS gave no credentials ({type(fault).__name__}): check the network. Nothing is lost: run again when "
                "it is back."
            ) from None
        except (self._exceptions.BotoCoreError, self._exceptions.ClientError) as fault:
            raise DistilabelAuthenticationError(
                f"AWS gave no credentials ({type(fault).__name__}): run `aws sso login`, or check AWS_PROFILE and "
                "AWS_ACCESS_KEY_ID."
            ) from None


def _is_signed(name: str) -> bool:
    """Return whether a header is signed; a header that proxies may change is not."""
    return name.lower() == "content-type" or name.lower().startswith("x-amz-")


def _region(host: str) -> str:
    found = _REGION.search(f".{host}")
    if found:
        return found[1]
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _DEFAULT_REGION
