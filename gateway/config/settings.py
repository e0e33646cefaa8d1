"""Declares the settings as one table: name, kind, default and description.

Each setting is a field: its name in lower case, its type with its bounds, its default, and the
sentence that the reference in the documentation gives. A secret has a type whose repr is stars.
"""

from typing import Annotated, Literal

from msgspec import Struct

from gateway.config.kinds import (
    AccountSid,
    Age,
    CacheKeys,
    CacheUrl,
    CallbackUrls,
    Count,
    Days,
    JwksUrl,
    Manifest,
    McpTools,
    Networks,
    Origins,
    Port,
    ProxyUrl,
    Seconds,
    Secret,
    Url,
    WarehouseUrl,
    WebhookUrl,
)

__all__ = ["AccountSid", "Secret", "Settings"]


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be set, and what holds when it is not."""

    twilio_account_sid: Annotated[AccountSid | None, "The account whose calls are served."] = None
    twilio_auth_token: Annotated[Secret | None, "Its auth token; or an API key, below."] = None
    twilio_api_key: Annotated[
        str | None, "SID of an API key of the account, instead of its auth token."
    ] = None
    twilio_api_secret: Annotated[Secret | None, "The secret of that API key."] = None

    gateway_host: Annotated[str, "Address to listen on."] = "127.0.0.1"
    gateway_port: Annotated[Port, "Port to listen on; 0 takes a free one."] = 8000
    gateway_workers: Annotated[
        Count, "Processes that share the port; each has a memory cache of its own."
    ] = 1
    gateway_max_connections: Annotated[
        Count,
        "Connections of one process; beyond them, a new one takes the place of the one that has "
        "been idle for the longest.",
    ] = 2000
    gateway_max_connections_per_address: Annotated[
        Count, "The same for the connections of one address: an IPv6 address counts as its /64."
    ] = 1000
    gateway_trusted_proxies: Annotated[
        Networks | None,
        "Proxies in front, whose connections are many people's: they count in all alone, not by "
        "address.",
    ] = None
    gateway_drain: Annotated[
        Age,
        "Seconds after SIGTERM in which `/readyz` says 503 and requests are still taken, so that "
        "load balancers notice in time.",
    ] = 0.0
    gateway_config: Annotated[
        str | None,
        "A TOML file with accounts and viewers; without it there is one account, and no viewers.",
    ] = None
    gateway_auth: Annotated[
        Literal["none", "required"] | None,
        "Without viewers, the gateway listens on a loopback address only. `none` allows any "
        "address: every client that reaches it can read every call. `required` refuses to "
        "start without viewers.",
    ] = None
    gateway_jwks_url: Annotated[
        JwksUrl | None, "Where the public keys are by which JSON Web Tokens are verified."
    ] = None
    gateway_jwt_issuer: Annotated[str | None, "The `iss` that a token must have."] = None
    gateway_jwt_audience: Annotated[str | None, "The `aud` that a token must have, or hold."] = None

    gateway_upstream_url: Annotated[Url, "Where the Insights API is."] = (
        "https://insights.twilio.com"
    )
    gateway_insecure_http: Annotated[
        bool,
        "Whether `GATEWAY_UPSTREAM_URL`, `GATEWAY_JWKS_URL` and `GATEWAY_CALLBACK_URLS` may be "
        "`http://` addresses of other machines. Credentials, keys and calls travel there as plain "
        "text.",
    ] = False
    https_proxy: Annotated[
        ProxyUrl | None,
        "The proxy for `https://` addresses of Twilio and of the public keys; loopback addresses "
        "are asked directly.",
    ] = None
    http_proxy: Annotated[ProxyUrl | None, "The proxy for their `http://` addresses."] = None
    all_proxy: Annotated[ProxyUrl | None, "The proxy for both, where neither is set."] = None
    no_proxy: Annotated[
        str | None,
        "Hosts that bypass the proxy, with commas between them: a name with its subdomains, "
        "an IP address, a network such as `10.0.0.0/8`, or `*`.",
    ] = None
    gateway_upstream_timeout: Annotated[
        Seconds, "Longest wait for one answer of the upstream, in seconds."
    ] = 10.0
    gateway_upstream_concurrency: Annotated[
        Count,
        "Most upstream requests under way at once, for each account in one process; further ones "
        "queue, and fewer are let through when Twilio is busy.",
    ] = 64
    gateway_deadline: Annotated[
        Seconds,
        "Longest time that a GraphQL request waits for the upstream, in seconds; `waitFor` comes "
        "on top of it.",
    ] = 30.0

    gateway_cache_url: Annotated[
        CacheUrl,
        "Where summaries and pages are kept: `memory://` in this process alone, a Redis or Valkey "
        "server for all replicas.",
    ] = "memory://"
    gateway_cache_max_bytes: Annotated[
        Count,
        "Bound of the caches of one process, in bytes. Three quarters are for summaries, pages and "
        "derived entries, a quarter, at least 2 MiB, for documents and requests.",
    ] = 256 * 2**20
    gateway_cache_key: Annotated[
        CacheKeys | None,
        "Encrypts what is kept on that server: the first key encrypts, all decrypt.",
    ] = None
    gateway_complete_max_age: Annotated[Age, "How long a complete summary is kept, in seconds."] = (
        7 * 86400.0
    )
    gateway_partial_max_age: Annotated[
        Age, "How long a partial summary is an answer, in seconds; 0 asks upstream every time."
    ] = 0.0
    gateway_page_max_age: Annotated[
        Age,
        "How long a page of a list is an answer, in seconds; relative windows are rounded to it.",
    ] = 10.0
    gateway_annotation_max_age: Annotated[
        Age,
        "How old the annotation of a complete summary may be, in seconds, when it is asked for.",
    ] = 60.0
    gateway_settled_version: Annotated[
        Count | None,
        "A partial summary of this version or later is kept like a complete one; unset: none is.",
    ] = None
    gateway_stale_if_error: Annotated[
        Age,
        "How long after its time an answer is still given when Twilio cannot be asked, in seconds.",
    ] = 3600.0

    gateway_cache_tags: Annotated[
        Literal["Cache-Tag", "Edge-Cache-Tag", "Surrogate-Key"] | None,
        "The header that names calls and account of a response to a GET, so that a CDN can purge "
        "it; unset: none does.",
    ] = None

    gateway_warehouse_url: Annotated[
        WarehouseUrl | None,
        "Where calls are kept as columns, for search and statistics: a folder for one process, or "
        "a ClickHouse server; unset: nowhere.",
    ] = None
    gateway_warehouse_password: Annotated[Secret | None, "The password of that server."] = None
    gateway_warehouse_days: Annotated[
        Days, "For how many days after its end a call is kept there."
    ] = 30
    gateway_warehouse_requests_per_minute: Annotated[
        Count, "How many requests a minute Twilio is sent to keep the warehouse up to date."
    ] = 60

    gateway_webhook_url: Annotated[
        WebhookUrl | None,
        "Public address of `/webhooks/twilio/events`, as the sink at Twilio has it; unset: Twilio "
        "pushes nothing.",
    ] = None

    gateway_cors_origins: Annotated[
        Origins | None, "Whose pages may call the gateway from a browser; unset: its own alone."
    ] = None
    gateway_graphiql: Annotated[
        bool,
        "Whether `/` and `/graphql` show GraphiQL to browsers, and `/docs/` these pages.",
    ] = True
    gateway_explorer: Annotated[
        bool,
        "Whether `/explorer/` shows the Calls explorer to browsers; its documents are then trusted "
        "documents.",
    ] = True
    gateway_introspection: Annotated[bool, "Whether clients may ask for the schema."] = True
    gateway_federation: Annotated[
        bool, "Whether the gateway is also a subgraph of a supergraph, by Apollo Federation 2."
    ] = False
    gateway_callback_urls: Annotated[
        CallbackUrls | None,
        "Addresses of routers to which subscriptions may be delivered by Apollo's HTTP callback "
        "protocol, with all below them; unset: nowhere.",
    ] = None
    gateway_trusted_documents: Annotated[
        Manifest | None,
        "Documents that clients may ask for by their ids; all are checked at start.",
    ] = None
    gateway_trusted_documents_only: Annotated[
        bool, "Whether no other document is run than these."
    ] = False
    gateway_mcp: Annotated[
        bool,
        "Whether assistants may use the gateway at `/mcp`, by the Model Context Protocol; it needs "
        "the extra `mcp`.",
    ] = False
    gateway_mcp_tools: Annotated[
        McpTools | None,
        "Tools for assistants that are off unless named here: `annotate_call` writes, the others "
        "let a model write GraphQL of its own.",
    ] = None
    gateway_mcp_answer_bytes: Annotated[
        Count, "Bytes of call data that a tool returns at most; longer lists are shortened."
    ] = 32 * 1024
    gateway_refuse_numbers: Annotated[
        bool, "Whether a document with a phone number in it is refused, not warned of alone."
    ] = False
    gateway_http_statuses: Annotated[
        Literal["2025", "2026"],
        "By which text of GraphQL over HTTP `application/graphql-response+json` has its status.",
    ] = "2025"
    gateway_max_cost: Annotated[
        Count,
        "The most that one request may cost: 10 for each request to Twilio, 1 for each 100 values.",
    ] = 15_000
    gateway_max_depth: Annotated[Count, "How many levels a document may have."] = 15
    gateway_max_aliases: Annotated[Count, "How many aliases a document may have."] = 50
    gateway_max_tokens: Annotated[Count, "How many tokens a document may have."] = 10_000
    gateway_max_requests: Annotated[
        Count,
        "How many GraphQL requests may be in flight at once in one process. An operation on "
        "a WebSocket is one, a subscription only until it begins.",
    ] = 2_000
    gateway_max_requests_per_viewer: Annotated[
        Count, "How many of them may be of one viewer, where there are viewers."
    ] = 500
    gateway_max_followers: Annotated[
        Count,
        "How many may follow a call at once in one process, by subscription or by `waitFor`.",
    ] = 10_000
    gateway_max_followers_per_viewer: Annotated[
        Count, "How many of them may be of one viewer, where there are viewers."
    ] = 1_000
    gateway_max_connections_per_viewer: Annotated[
        Count,
        "How many WebSockets and streamed subscriptions one viewer may have open at once in one "
        "process, where there are viewers.",
    ] = 1_000
    gateway_compiled: Annotated[
        bool,
        "Whether operations are compiled, and the JSON of calls is cached. `false` "
        "interprets each operation, which is slower, for comparison.",
    ] = True
    gateway_log_level: Annotated[
        Literal["debug", "info", "warning", "error"], "From which level on log lines are written."
    ] = "info"
    gateway_log_format: Annotated[
        Literal["text", "json"], "Log lines for people or for machines."
    ] = "text"
