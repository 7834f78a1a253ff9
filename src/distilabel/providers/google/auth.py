"""Authentication with Google Cloud by application default credentials.

https://cloud.google.com/docs/authentication/application-default-credentials (November 2026); by google-auth.
"""

import threading
from collections.abc import Mapping

from distilabel._optional import require
from distilabel.exceptions import DistilabelAuthenticationError, DistilabelUnreachableError

__all__ = ["GoogleSigner"]

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)


class GoogleSigner:
    """Adds an access token to each request, and renews it when it has expired.

    Raises:
        DistilabelAuthenticationError: There are no credentials.
        DistilabelMissingPackageError: google-auth is not installed.
    """

    def __init__(self) -> None:
        auth = require("google.auth", "google")
        self._exceptions = require("google.auth.exceptions", "google")
        self._refresh = require("google.auth.transport.requests", "google").Request()
        self._lock = threading.Lock()
        try:
            self._credentials, project = auth.default(scopes=_SCOPES)
        except self._exceptions.DefaultCredentialsError:
            raise DistilabelAuthenticationError(
                "No Google Cloud credentials: run `gcloud auth application-default login`, or set "
                "GOOGLE_APPLICATION_CREDENTIALS to the file of a service account."
            ) from None
        names = ("service_account_email", "client_id")
        self.account = next(
            (str(n) for name in names if (n := getattr(self._credentials, name, None))), str(project)
        )

    def __call__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],  # noqa: ARG002 - not signed
        body: bytes | None,  # noqa: ARG002 - not signed
    ) -> Mapping[str, str]:
        """Return the headers that carry the access token."""
        added: dict[str, str] = {}
        try:
            with self._lock:
                self._credentials.before_request(self._refresh, method, url, added)
        except self._exceptions.TransportError as fault:
            raise DistilabelUnreachableError(
                f"Google Cloud, which issues the access tokens, cannot be reached ({type(fault).__name__}): check the "
                "network. Nothing is lost: run again when it is back."
            ) from None
        except self._exceptions.GoogleAuthError as fault:
            raise DistilabelAuthenticationError(
                f"Google Cloud rejected the credentials ({type(fault).__name__}): run `gcloud auth "
                "application-default login`, or check GOOGLE_APPLICATION_CREDENTIALS."
            ) from None
        return added
