"""The way into Azure's resource manager: a token for the application's id and secret, and requests that carry it.

Vendor facts: lexicon's azure.py and its traffic recorded in 2023 (a token of an hour, ``expires_in`` as a text); read on
2026-11-23.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from registrar_sync.providers.rows import text_of
from registrar_sync.providers.seam import bound_module

LEXICON = bound_module("azure")

_TOKEN_LEFT_S = 60.0  # a token that ends within this time is not used any more


class Login:
    """Stands before lexicon's provider in a class's bases."""

    now: Callable[[], float]
    _get_provider_option: Callable[[str], str | None]

    api_endpoint = ""  # an account's, which stands for the login, too
    _access_token = ""
    _token_ends = 0.0

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The resource manager and the login."""
        return (self.api_endpoint,) if self.api_endpoint else (LEXICON.MANAGEMENT_URL, LEXICON.AZURE_AD_URL)

    def part(self, option: str) -> str:
        """An option as a part of a URL."""
        return quote(str(self._get_provider_option(option)), safe="")

    def _request(
        self,
        action: str = "GET",
        url: str = "",
        data: Any = None,
        query_params: Mapping[str, Any] | None = None,
        condition: Mapping[str, str] | None = None,
    ) -> Any:
        headers = {"Authorization": f"Bearer {self._token()}", **(condition or {})}
        query = None if query_params is None else {"api-version": LEXICON.API_VERSION, **query_params}
        return LEXICON.requests.request(action, url, params=query, json=data, headers=headers).json()

    def _token(self) -> str:
        """A new one once the last has ended."""
        if self.now() >= self._token_ends:
            asked = {"grant_type": "client_credentials", "resource": LEXICON.MANAGEMENT_URL}
            secrets = {name: self._get_provider_option(f"auth_{name}") for name in ("client_id", "client_secret")}
            url = f"{self.base_urls[-1]}/{self.part('auth_tenant_id')}/oauth2/token"
            answer = LEXICON.requests.request("POST", url, data={**asked, **secrets}).json()
            self._access_token = text_of(answer, "access_token")
            self._token_ends = self.now() + int(answer["expires_in"]) - _TOKEN_LEFT_S
        return self._access_token
