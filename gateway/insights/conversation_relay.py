"""Models the events of ConversationRelay about a voice agent.

Source: Twilio's OpenAPI document of 2026-04, and "Details: Conversation Relay Insights Events".
"""

import msgspec

from gateway.insights.agent_sessions import AgentSessionState
from gateway.insights.catalogue import (
    UNRECOGNIZED,
    Counter,
    Entity,
    Int32,
    OpenMap,
    Text,
    Vocabulary,
    fact,
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

    latency_ms: Int32 | None = fact("How long it took.", "ms", _RELAY)


class RelayInterruption(Entity, frozen=True):
    """An interruption of the agent."""

    type: InterruptionType | None = fact("By what.", on=_RELAY)


class RelayTokens(Entity, frozen=True):
    """How much text the application sent, up to its last token."""

    total_tokens: Counter | None = fact("Tokens received.", "tokens", _RELAY)
    total_words: Counter | None = fact("Words received.", "words", _RELAY)


class RelayLanguage(Entity, frozen=True):
    """How speech is made and understood."""

    tts_language_code: Text | None = fact("Language spoken.", on=_RELAY)
    transcription_language_code: Text | None = fact("Language heard.", on=_RELAY)
    tts_provider: Text | None = fact("Provider of the voice.", on=_RELAY)
    voice: Text | None = fact("Name of the voice.", on=_RELAY)
    transcription_provider: Text | None = fact("Provider of the transcription.", on=_RELAY)
    speech_model: Text | None = fact("Model that transcribes.", on=_RELAY)


class RelaySetting(Entity, frozen=True):
    """One setting of a session."""

    name: str = fact("Name of the setting.", on=_HERE, required=True)
    value: str = fact("Its value.", on=_HERE, required=True)


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

    language: str = fact("The language.", on=_HERE, required=True)
    tts_provider: Text | None = fact("Provider of the voice.", on=_RELAY)
    voice: Text | None = fact("Name of the voice.", on=_RELAY)
    transcription_provider: Text | None = fact("Provider of the transcription.", on=_RELAY)
    speech_model: Text | None = fact("Model that transcribes.", on=_RELAY)


class RelayLanguages(OpenMap):
    """`{"en-US": {"voice": "Joanna"}}`."""

    __slots__ = ()
    entry = RelayLanguageSetting

    @classmethod
    def read(cls, key: str, value: object) -> RelayLanguageSetting:
        """Read `"en-US": {"voice": "Joanna"}`; what else the object says is left out."""
        if not isinstance(value, dict):
            raise TypeError("Expected `object`")
        properties = {name: one for name, one in value.items() if name in _OF_A_LANGUAGE and one}
        return RelayLanguageSetting(_text(key), **{n: _text(one) for n, one in properties.items()})


_OF_A_LANGUAGE = frozenset(RelayLanguageSetting.__struct_fields__) - {"language"}


class RelayConfigurations(Entity, frozen=True):
    """How a session was set up."""

    configurations: RelaySettings | None = fact("Its settings.", on=_RELAY)
    languages: RelayLanguages | None = fact("Its languages.", on=_RELAY)


class RelayEnd(Entity, frozen=True):
    """How a session ended."""

    duration_in_seconds: Int32 | None = fact("How long it lasted.", "seconds", _RELAY)
    end_status: AgentSessionState | None = fact("How it ended.", on=_RELAY)


class RelayError(Entity, frozen=True):
    """An error of a session."""

    error_code: Int32 | None = fact("Twilio's error code.", "error code", _RELAY)
    message: Text | None = fact("The message of Twilio about it.", on=_RELAY)


class ConversationRelayData(Entity, frozen=True):
    """The data of an event of ConversationRelay: the part that belongs to the name of the event."""

    session_id: Text | None = fact("The session.", on=_RELAY)
    sequence_number: Counter | None = fact("Place of the event in its session.", "events", _RELAY)
    tts_latency: RelayLatency | None = fact("From text to the first sound.", on=_RELAY)
    stt_latency: RelayLatency | None = fact("From speech to text.", on=_RELAY)
    interrupt: RelayInterruption | None = fact("An interruption.", on=_RELAY)
    last_token_received: RelayTokens | None = fact(
        "The end of a text of the application.", on=_RELAY
    )
    configurations: RelayConfigurations | None = fact("How the session was set up.", on=_RELAY)
    language_changed: RelayLanguage | None = fact("Another language.", on=_RELAY)
    language_info: RelayLanguage | None = fact("The language.", on=_RELAY)
    call_wrap_up: RelayEnd | None = fact("How the session ended.", on=_RELAY)
    error: RelayError | None = fact("The error.", on=_RELAY)


def _text(value: object) -> str:
    text = msgspec.convert(value, str)
    text.encode()  # a lone surrogate is an error, for no answer could carry it
    return text
