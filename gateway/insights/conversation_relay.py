"""Models the events of ConversationRelay about a voice agent.

Source: Twilio's OpenAPI document of 2026-04, and "Details: Conversation Relay Insights Events".
"""

from typing import Annotated

import msgspec

from gateway.insights.agent_sessions import AgentSessionState
from gateway.insights.catalogue import (
    UNRECOGNIZED,
    Counter,
    Entity,
    Fact,
    Int32,
    OpenMap,
    Text,
    Vocabulary,
)

_RELAY = "events of ConversationRelay"
_HERE = "every entry"


class InterruptionType(Vocabulary):
    """The way in which the agent was interrupted."""

    DTMF = "DTMF", "A key was pressed."
    SPEECH = "SPEECH", "A person spoke."
    UNRECOGNIZED = UNRECOGNIZED


class RelayLatency(Entity, frozen=True):
    """How long a step of the conversation took."""

    latency_ms: Annotated[Int32 | None, Fact("How long it took.", "ms", _RELAY)] = None


class RelayInterruption(Entity, frozen=True):
    """An interruption of the agent."""

    type: Annotated[InterruptionType | None, Fact("By what.", on=_RELAY)] = None


class RelayTokens(Entity, frozen=True):
    """How much text the application sent, up to its last token."""

    total_tokens: Annotated[Counter | None, Fact("Tokens received.", "tokens", _RELAY)] = None
    total_words: Annotated[Counter | None, Fact("Words received.", "words", _RELAY)] = None


class RelayLanguage(Entity, frozen=True):
    """How speech is made and understood."""

    tts_language_code: Annotated[Text | None, Fact("Language spoken.", on=_RELAY)] = None
    transcription_language_code: Annotated[Text | None, Fact("Language heard.", on=_RELAY)] = None
    tts_provider: Annotated[Text | None, Fact("Provider of the voice.", on=_RELAY)] = None
    voice: Annotated[Text | None, Fact("Name of the voice.", on=_RELAY)] = None
    transcription_provider: Annotated[
        Text | None, Fact("Provider of the transcription.", on=_RELAY)
    ] = None
    speech_model: Annotated[Text | None, Fact("Model that transcribes.", on=_RELAY)] = None


class RelaySetting(Entity, frozen=True):
    """One setting of a session."""

    name: Annotated[str, Fact("Name of the setting.", on=_HERE)]
    value: Annotated[str, Fact("Its value.", on=_HERE)]


class RelaySettings(OpenMap):
    """`{"interruptible": "any"}`."""

    __slots__ = ()
    entry = RelaySetting

    @classmethod
    def read(cls, key: str, value: object) -> RelaySetting:
        """Read `"interruptible": "any"`."""
        return RelaySetting(_text(key), _text(value))


class RelayLanguageSetting(Entity, frozen=True):
    """How speech in one language is made and understood."""

    language: Annotated[str, Fact("The language.", on=_HERE)]
    tts_provider: Annotated[Text | None, Fact("Provider of the voice.", on=_RELAY)] = None
    voice: Annotated[Text | None, Fact("Name of the voice.", on=_RELAY)] = None
    transcription_provider: Annotated[
        Text | None, Fact("Provider of the transcription.", on=_RELAY)
    ] = None
    speech_model: Annotated[Text | None, Fact("Model that transcribes.", on=_RELAY)] = None


class RelayLanguages(OpenMap):
    """`{"en-US": {"voice": "Joanna"}}`."""

    __slots__ = ()
    entry = RelayLanguageSetting

    @classmethod
    def read(cls, key: str, value: object) -> RelayLanguageSetting:
        """Read `"en-US": {"voice": "Joanna"}`; what else the object says is left out."""
        if not isinstance(value, dict):
            raise TypeError("Expected `object`")
        known = {name: one for name, one in value.items() if name in _OF_A_LANGUAGE and one}
        return RelayLanguageSetting(_text(key), **{n: _text(one) for n, one in known.items()})


_OF_A_LANGUAGE = frozenset(RelayLanguageSetting.__struct_fields__) - {"language"}


class RelayConfigurations(Entity, frozen=True):
    """How a session was set up."""

    configurations: Annotated[RelaySettings | None, Fact("Its settings.", on=_RELAY)] = None
    languages: Annotated[RelayLanguages | None, Fact("Its languages.", on=_RELAY)] = None


class RelayEnd(Entity, frozen=True):
    """How a session ended."""

    duration_in_seconds: Annotated[Int32 | None, Fact("How long it lasted.", "seconds", _RELAY)] = (
        None
    )
    end_status: Annotated[AgentSessionState | None, Fact("How it ended.", on=_RELAY)] = None


class RelayError(Entity, frozen=True):
    """An error of a session."""

    error_code: Annotated[Int32 | None, Fact("Twilio's error code.", "error code", _RELAY)] = None
    message: Annotated[Text | None, Fact("The message of Twilio about it.", on=_RELAY)] = None


class ConversationRelayData(Entity, frozen=True):
    """The data of an event of ConversationRelay: the part that belongs to the name of the event."""

    session_id: Annotated[Text | None, Fact("The session.", on=_RELAY)] = None
    sequence_number: Annotated[
        Counter | None, Fact("Place of the event in its session.", "events", _RELAY)
    ] = None
    tts_latency: Annotated[
        RelayLatency | None, Fact("From text to the first sound.", on=_RELAY)
    ] = None
    stt_latency: Annotated[RelayLatency | None, Fact("From speech to text.", on=_RELAY)] = None
    interrupt: Annotated[RelayInterruption | None, Fact("An interruption.", on=_RELAY)] = None
    last_token_received: Annotated[
        RelayTokens | None, Fact("The end of a text of the application.", on=_RELAY)
    ] = None
    configurations: Annotated[
        RelayConfigurations | None, Fact("How the session was set up.", on=_RELAY)
    ] = None
    language_changed: Annotated[RelayLanguage | None, Fact("Another language.", on=_RELAY)] = None
    language_info: Annotated[RelayLanguage | None, Fact("The language.", on=_RELAY)] = None
    call_wrap_up: Annotated[RelayEnd | None, Fact("How the session ended.", on=_RELAY)] = None
    error: Annotated[RelayError | None, Fact("The error.", on=_RELAY)] = None


def _text(value: object) -> str:
    text = msgspec.convert(value, str)
    text.encode()  # a lone surrogate is an error, for no answer could carry it
    return text
