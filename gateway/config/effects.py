"""Finds settings without effect because of other settings, and suggests a fix.

They stop nothing: the gateway logs them at its start, and `gateway check` finds them.
"""

from collections.abc import Collection, Iterator

from gateway.config.settings import Settings


def ineffective(settings: Settings, accounts: Collection[str]) -> Iterator[str]:
    """All of them; `accounts` are the SIDs of those that are served."""
    yield from _of_time(settings)
    yield from _of_access(settings, accounts)
    yield from _of_pages(settings)
    yield from _of_shares(settings)
    yield from _of_stores(settings)


def _of_stores(settings: Settings) -> Iterator[str]:
    """What is kept beyond the memory of a process, and how."""
    url, alone = settings.gateway_warehouse_url, settings.gateway_cache_url == "memory://"
    if settings.gateway_cache_key is not None and alone and url is None:
        yield (
            "GATEWAY_CACHE_KEY encrypts what a cache server and the warehouse keep, and there is "
            "neither: set GATEWAY_CACHE_URL or GATEWAY_WAREHOUSE_URL, or unset GATEWAY_CACHE_KEY."
        )
    if settings.gateway_warehouse_password is not None and not (url or "").startswith("clickhouse"):
        yield (
            "GATEWAY_WAREHOUSE_PASSWORD is for a ClickHouse server, and GATEWAY_WAREHOUSE_URL "
            "names none: set that to one, or unset GATEWAY_WAREHOUSE_PASSWORD."
        )


def _of_time(settings: Settings) -> Iterator[str]:
    timeout, deadline = settings.gateway_upstream_timeout, settings.gateway_deadline
    if timeout > deadline:
        yield (
            f"GATEWAY_UPSTREAM_TIMEOUT is {timeout:g} s, and GATEWAY_DEADLINE ends a request after "
            f"{deadline:g} s, before a slow answer can be asked for again: lower the timeout below "
            "the deadline, or raise the deadline."
        )
    partial, complete = settings.gateway_partial_max_age, settings.gateway_complete_max_age
    if partial > complete:
        yield (
            f"GATEWAY_PARTIAL_MAX_AGE is {partial:g} s, longer than a complete summary is kept: "
            f"lower it below GATEWAY_COMPLETE_MAX_AGE ({complete:g} s), or raise that."
        )


def _of_access(settings: Settings, accounts: Collection[str]) -> Iterator[str]:
    if settings.gateway_jwks_url is not None and settings.gateway_config is None:
        yield (
            "GATEWAY_JWKS_URL verifies tokens, and no viewer is known by one: name viewers in "
            "GATEWAY_CONFIG, or unset GATEWAY_JWKS_URL, GATEWAY_JWT_ISSUER and "
            "GATEWAY_JWT_AUDIENCE."
        )
    sid = settings.twilio_account_sid
    if settings.gateway_config is not None and sid is not None and sid not in accounts:
        yield (
            f"TWILIO_ACCOUNT_SID is {sid}, and GATEWAY_CONFIG names accounts without it: add it "
            "there, or unset TWILIO_ACCOUNT_SID."
        )


def _of_pages(settings: Settings) -> Iterator[str]:
    if not settings.gateway_graphiql:
        return
    if not settings.gateway_introspection:
        yield (
            "GATEWAY_GRAPHIQL is true, and GraphiQL cannot load the schema while "
            "GATEWAY_INTROSPECTION is false: set both to the same."
        )
    if settings.gateway_trusted_documents_only:
        yield (
            "GATEWAY_GRAPHIQL is true, and GATEWAY_TRUSTED_DOCUMENTS_ONLY refuses what is typed "
            "there: set GATEWAY_GRAPHIQL to false, or unset GATEWAY_TRUSTED_DOCUMENTS_ONLY."
        )


def _of_shares(settings: Settings) -> Iterator[str]:
    """The share of one viewer is bounded by the whole."""
    if settings.gateway_config is None:
        return  # then there is but one viewer
    for name in ("gateway_max_requests", "gateway_max_followers"):
        whole, share = getattr(settings, name), getattr(settings, f"{name}_per_viewer")
        if share > whole:
            yield (
                f"{name.upper()}_PER_VIEWER is {share}, more than all viewers together may have: "
                f"lower it to {name.upper()} ({whole}) at most, or raise that."
            )
