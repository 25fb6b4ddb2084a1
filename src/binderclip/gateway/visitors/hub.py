"""The JupyterHub whose service we are, as JupyterHub's own library asks it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from binderclip.errors import ConfigError, NotTrusted, Unreachable

if TYPE_CHECKING:
    from binderclip.gateway.settings.model import HubService

T = TypeVar("T")
_SERVER_ERRORS = 500


class LoginHub:
    """Raises ConfigError where JupyterHub is not installed beside us."""

    def __init__(self, service: HubService) -> None:
        try:
            from jupyterhub.services.auth import HubOAuth  # noqa: PLC0415 - is there for hubs alone
        except ImportError as error:
            raise ConfigError(
                "found no JupyterHub beside binderclip, expected one for a service of a hub",
                hint="install it with: pip install jupyterhub",
            ) from error
        options: dict[str, Any] = {
            "api_url": service.api_url,
            "api_token": service.api_token,
            "base_url": service.prefix,
        }
        if service.public_hub_url is not None:
            asking = f"{service.public_hub_url.rstrip('/')}/api/oauth2/authorize"
            options["oauth_authorization_url"] = asking
        self._oauth = HubOAuth(**options)
        if not self._oauth.oauth_client_id:
            self._oauth.oauth_client_id = f"service-{service.name}"
        if not self._oauth.access_scopes:
            self._oauth.access_scopes = {f"access:services!service={service.name}"}

    def login_url(self, state: str, challenge: str) -> str:
        """Where a browser is sent to log in; ``challenge`` is PKCE's, of SHA-256."""
        asked = {
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._oauth.login_url}&{urlencode(asked)}"

    async def token(self, code: str, verifier: str) -> str:
        """What a login's ``code`` stands for. Raises NotTrusted, Unreachable."""
        asked = self._oauth.token_for_code(code, code_verifier=verifier, sync=False)
        try:
            return str(await _answered(asked))
        except KeyError as error:
            raise NotTrusted("found no token in the hub's answer to a login") from error

    async def user(self, token: str) -> str | None:
        """The name of whose token it is; None where the hub does not take it any more, or they may
        not use this service. Answers of the last five minutes stand. Raises Unreachable.
        """
        model = await _answered(self._oauth.user_for_token(token, sync=False))
        if not isinstance(model, dict) or model.get("kind") != "user":
            return None
        if not self._oauth.check_scopes(self._oauth.access_scopes, model):
            return None
        return str(model["name"])


async def _answered(asked: Awaitable[T]) -> T:
    """What the hub says. The library raises tornado's errors, in which there may be addresses."""
    from tornado.web import HTTPError  # noqa: PLC0415 - JupyterHub brings it

    try:
        return await asked
    except HTTPError as error:
        if "Failed to check authorization:" in str(error.log_message or ""):
            raise NotTrusted(
                "found a login that the hub does not know (any more)", hint="log in again"
            ) from error
        raise Unreachable(
            "the JupyterHub does not say who is logged in", hint="try again in a minute"
        ) from error
