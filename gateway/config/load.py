"""Reads the settings from the environment and from a `.env` file, and checks them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from dotenv import dotenv_values

from gateway.config.kinds import (
    AccountSid,
    CacheKeys,
    CacheUrl,
    CallbackUrls,
    Confidential,
    JwksUrl,
    McpTools,
    Networks,
    ProxyUrl,
    Secret,
    Url,
    WarehouseUrl,
    WebhookUrl,
    check_address,
)
from gateway.config.names import service_links, unknown_names
from gateway.config.rules import contradictions
from gateway.config.settings import Settings
from gateway.config.settings_table import Setting, table
from gateway.errors import WrongSettings

ENV_FILE = Path(".env")
"""In the directory where the gateway starts."""


_IN_LOWER_CASE = {"https_proxy", "http_proxy", "all_proxy", "no_proxy"}
"""Names that are mostly written so, and come first where both are set, as in curl."""


def merged(environment: Mapping[str, str], env_file: Path | None = None) -> dict[str, str]:
    """What the environment says, and a `.env` file where that says nothing, as an empty value does.

    Raises WrongSettings.
    """
    try:
        written = dotenv_values(env_file, encoding="utf-8-sig") if env_file else {}
    except OSError as error:
        raise WrongSettings(f"{env_file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise WrongSettings(f"{env_file} is no UTF-8: write it anew in UTF-8.") from None
    pairs = [*written.items(), *environment.items()]
    variables = {name: text.strip() for name, text in pairs if text and text.strip()}
    return variables | {name.upper(): variables[name] for name in _IN_LOWER_CASE & variables.keys()}


def read(environment: Mapping[str, str], env_file: Path | None = None) -> Settings:
    """Read settings from the environment, and from a `.env` file.

    Raises WrongSettings with a line for each mistake: what is wrong, and the cure.
    """
    variables = merged(environment, env_file)
    rows = {setting.name: setting for setting in table()}
    values: dict[str, Any] = {}
    mistakes = [*unknown_names(variables, rows)]
    for link in service_links(variables):
        del variables[link]
    for name, setting in rows.items():
        if (text := variables.get(name)) is None:
            continue
        try:
            values[name.lower()] = value_of(text, setting.hint)
        except msgspec.ValidationError:
            shown = "" if _may_be_secret(setting, text) else f" {text[:100]!r}"
            mistakes.append(f"{name} is{shown or ' wrong'}: set it to {setting.accepted}.")
    settings = Settings(**values)
    mistakes += contradictions(settings)
    if mistakes:
        raise WrongSettings(*mistakes)
    return settings


def _may_be_secret(setting: Setting, text: str) -> bool:
    """Whether a wrong value is not to be repeated: the right one may have been put there."""
    kept = {Secret, CacheKeys, CacheUrl, ProxyUrl, AccountSid}
    return setting.hint in kept or not {"@", "?"}.isdisjoint(text)


def value_of(text: str, hint: Any) -> Any:
    """What a text means as a setting of this type. Raises ValidationError."""
    if hint in {Secret, CacheKeys, CallbackUrls, McpTools, Networks}:
        return hint(text)
    value = msgspec.convert(text.lower() if hint is bool else text, hint, strict=False)
    if hint == ProxyUrl and "://" not in value:
        value = f"http://{value}"  # as curl and requests read it
    if hint in {Url, WebhookUrl, JwksUrl, CacheUrl, ProxyUrl, WarehouseUrl}:
        check_address(value)
    return Confidential(value) if hint in {CacheUrl, ProxyUrl} else value
