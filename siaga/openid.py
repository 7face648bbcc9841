"""The OpenID provider by which people log in beside accounts of Siaga's own: a part of the settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from siaga.roles import ROLES

SECRET = "oidc-secret"  # the file with the client's
_USUAL, _CALLED = "roles", "OpenID"
_HERE = ("127.0.0.1", "localhost", "::1")
_CLAIM = re.compile(r"[^\s.]+(\.[^\s.]+)*")


@dataclass(frozen=True, slots=True)
class OpenId:
    """issuer: its address, "" where there is none. client: what it calls this Siaga. claim: where it tells groups.

    roles: name of a group and the role that it gives. others: the role of people of none of these groups, "": they are
    not let in. name: of the provider, as the login page says it.
    """

    issuer: str = ""
    client: str = ""
    claim: str = _USUAL
    roles: tuple[tuple[str, str], ...] = ()
    others: str = ""
    name: str = _CALLED

    @classmethod
    def of(cls, env: Mapping[str, str], wrong: list[str]) -> "OpenId":
        """As the environment says; what is wrong with it is added to `wrong`."""
        issuer = env.get("SIAGA_OIDC_ISSUER", "")
        if not issuer:
            return cls()
        parts, client = urlsplit(issuer), env.get("SIAGA_OIDC_CLIENT", "")
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
            wrong.append(f"SIAGA_OIDC_ISSUER is not like https://sso.example.id/realms/bnpb: {issuer}")
        if not client:
            wrong.append("SIAGA_OIDC_ISSUER is set, so SIAGA_OIDC_CLIENT must say what the provider calls this Siaga")
        pairs = [part.strip().rpartition("=") for part in env.get("SIAGA_OIDC_ROLES", "").split(";") if part.strip()]
        roles = tuple((group.strip(), role.strip()) for group, _, role in pairs)
        if not all(group and role in ROLES for group, role in roles):
            wrong.append(f"SIAGA_OIDC_ROLES is not like siaga-admin=admin; petugas piket=operator ({', '.join(ROLES)})")
        others, claim = env.get("SIAGA_OIDC_OTHERS", ""), env.get("SIAGA_OIDC_CLAIM") or _USUAL
        if others not in ("", "viewer"):
            wrong.append(f"SIAGA_OIDC_OTHERS is neither viewer nor empty: {others}")
        if not _CLAIM.fullmatch(claim):
            wrong.append(f"SIAGA_OIDC_CLAIM is not like groups or realm_access.roles: {claim}")
        return cls(issuer, client, claim, roles, others, env.get("SIAGA_OIDC_NAME") or _CALLED)

    def role_of(self, claims: Mapping[str, object]) -> str:
        """The highest role that the groups in these claims give; "" for none.

        >>> told = OpenId(claim="realm_access.roles", roles=(("duty", "operator"), ("chief", "admin")))
        >>> told.role_of({"realm_access": {"roles": ["chief", "duty"]}}), told.role_of({"roles": ["chief"]})
        ('admin', '')
        """
        groups = self.groups_in(claims)
        given = [role for group, role in self.roles if group in groups]
        return max(given, key=ROLES.index, default=self.others)

    def groups_in(self, claims: Mapping[str, object]) -> frozenset[str]:
        """The groups that these claims tell."""
        value: object = claims
        for part in self.claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, str):
            return frozenset({value})
        return frozenset(one for one in value if isinstance(one, str)) if isinstance(value, list) else frozenset()
