"""Who uses the API: anybody, or a program with a token that does what its scopes and its owner allow."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from qa.models import Token
from qa.quotas import asker_key
from qa.throttling import count_request
from qa.tokens import ScopeMissing, TokenRefused, asker_of, check_scope, find_token, token_of

CHALLENGE = 'Bearer realm="api"'


class LacksScope(PermissionDenied):
    """403 with what RFC 6750 wants to be said about it."""

    default_code = "insufficient_scope"

    def __init__(self, refusal: ScopeMissing) -> None:
        super().__init__(refusal.message)
        self.headers = {
            "WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{refusal.scope}"'
        }


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer ag_…` (RFC 6750): request.auth is the token, request.user its owner."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, Token] | None:
        try:
            token = find_token(request.META)
        except TokenRefused as refusal:
            count_request(request._request, asker_key(request.META))  # no throttle is reached after a 401
            raise AuthenticationFailed(refusal.message, code="invalid_token") from refusal
        return (token.owner, token) if token else None

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401, which a request with a good token never gets."""
        is_refused = "HTTP_AUTHORIZATION" in request.META
        return f'{CHALLENGE}, error="invalid_token"' if is_refused else CHALLENGE


class AnybodyOrScope(BasePermission):
    """Anybody without a token; with one, its scopes count: `read` to read, `ask` for everything else."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.auth:
            require_scope(request, Token.Scope.READ if request.method in SAFE_METHODS else Token.Scope.ASK)
        return True


class CuratorsToken(BasePermission):
    """A token with the scope `curate`, of somebody who may decide the same in admin: `view.permission`."""

    message = "The owner of this token may not decide this in admin either."
    code = "owner_may_not"

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.auth:
            require_scope(request, Token.Scope.CURATE)
            if request.user.is_staff and request.user.has_perm(view.permission):
                return True
        count_request(request._request, asker_of(request))  # no throttle is reached after a refusal
        return False


def require_scope(request: Request, scope: Token.Scope) -> None:
    """Of a request with a token. Raises LacksScope and TooManyRequests."""
    try:
        check_scope(token_of(request), scope)
    except ScopeMissing as refusal:
        count_request(request._request, asker_of(request))  # no throttle is reached after a 403
        raise LacksScope(refusal) from refusal


class BearerScheme(OpenApiAuthenticationExtension):
    """Tells the OpenAPI schema how tokens are sent."""

    target_class = BearerAuthentication
    name = "token"

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        permissions = auto_schema.view.get_permissions()
        is_open = any(isinstance(one, AnybodyOrScope) for one in permissions)
        return [*([{}] if is_open else []), {self.name: []}]

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        scopes = ", ".join(f"`{scope}`" for scope in Token.Scope.values)
        return {
            "type": "http",
            "scheme": "bearer",
            "description": f"A token of this site, `ag_…`, with some of the scopes {scopes}.",
        }
