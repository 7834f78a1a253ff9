"""Signature Version 4 as AWS checks it, written from its description and without botocore.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (November 2026)
"""

import hashlib
import hmac
import os
import re
from unittest import mock
from urllib.parse import parse_qsl, quote

import httpx2

from distilabel.providers.aws.auth import AwsSigner

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
    r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)


def signer() -> AwsSigner:
    """Signs with the key that is checked here."""
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    with mock.patch.dict(os.environ, keys):
        return AwsSigner()


def signed_for(request: httpx2.Request) -> tuple[str, str]:
    """Region and service that a request is signed for; a signature that is wrong is an assertion's error."""
    match = _AUTHORIZATION.fullmatch(request.headers["authorization"])
    assert match, request.headers["authorization"]
    access_key, day, region, service, names, signature = match.groups()
    assert access_key == ACCESS_KEY
    scope, moment = f"{day}/{region}/{service}/aws4_request", request.headers["x-amz-date"]
    canonical = hashlib.sha256(_canonical(request, service, names).encode()).hexdigest()
    key = f"AWS4{SECRET_KEY}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{canonical}"
    assert hmac.new(key, text.encode(), "sha256").hexdigest() == signature
    return region, service


def _canonical(request: httpx2.Request, service: str, names: str) -> str:
    path, _, query = request.url.raw_path.decode().partition("?")
    # What arrives is encoded once; all services but S3 encode it once more.
    path = path if service == "s3" else quote(path, safe="/~")
    pairs = sorted((quote(n, safe="-_.~"), quote(v, safe="-_.~")) for n, v in parse_qsl(query))
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in names.split(";"))
    digest = request.headers.get("x-amz-content-sha256") or hashlib.sha256(request.content).hexdigest()
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return f"{request.method}\n{path}\n{query}\n{headers}\n{names}\n{digest}"
