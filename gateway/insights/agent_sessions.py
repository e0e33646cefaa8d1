"""Models ConversationRelay sessions, in which a voice agent takes part in a call."""

from typing import Annotated

from gateway.insights.catalogue import UNRECOGNIZED, Counter, Entity, Fact, Int32, Text, Vocabulary
from gateway.insights.statistics import AvgMaxMin

_AGENT = "calls with a ConversationRelay session"


class AgentSessionState(Vocabulary):
    """How a session of a voice agent ended."""

    ENDED = "ended", "The application ended the session."
    HUNG_UP = "hung_up", "The customer hung up."
    FAILURE = "failure", "The session failed."
    UNRECOGNIZED = UNRECOGNIZED


class AgentTokens(Entity, frozen=True):
    """Language model tokens of a session."""

    total: Annotated[Counter | None, Fact("All tokens spoken.", "tokens", _AGENT)] = None
    tokens_per_second: Annotated[
        AvgMaxMin | None, Fact("Speed of generation.", "tokens per second", _AGENT)
    ] = None


class AgentWords(Entity, frozen=True):
    """Words spoken in a session."""

    total: Annotated[Counter | None, Fact("All words spoken.", "words", _AGENT)] = None
    words_per_minute: Annotated[
        AvgMaxMin | None, Fact("Speed of speech.", "words per minute", _AGENT)
    ] = None


class AgentInterruptions(Entity, frozen=True):
    """Interruptions of the agent and of the caller."""

    customer_to_agent: Annotated[
        Int32 | None, Fact("Times the customer interrupted the agent.", "times", _AGENT)
    ] = None
    agent_to_customer: Annotated[
        Int32 | None, Fact("Times the agent interrupted the customer.", "times", _AGENT)
    ] = None


class AgentSessionSummary(Entity, frozen=True):
    """One ConversationRelay session of a call."""

    session_id: Annotated[Text | None, Fact("Identifies the session.", on=_AGENT)] = None
    tts_latency_ms: Annotated[
        AvgMaxMin | None, Fact("Time that text to speech took.", "ms", _AGENT)
    ] = None
    stt_latency_ms: Annotated[
        AvgMaxMin | None, Fact("Time that speech to text took.", "ms", _AGENT)
    ] = None
    network_latency_ms: Annotated[
        AvgMaxMin | None, Fact("Time spent on the way to the application.", "ms", _AGENT)
    ] = None
    time_to_first_audio_ms: Annotated[
        AvgMaxMin | None,
        Fact("From the end of the customer's speech to the agent's first sound.", "ms", _AGENT),
    ] = None
    application_latency_ms: Annotated[
        AvgMaxMin | None, Fact("Time that the application took to answer.", "ms", _AGENT)
    ] = None
    tokens: Annotated[AgentTokens | None, Fact("Language model tokens.", on=_AGENT)] = None
    words: Annotated[AgentWords | None, Fact("Words spoken.", on=_AGENT)] = None
    turns: Annotated[Int32 | None, Fact("Turns of the conversation.", "turns", _AGENT)] = None
    interruptions: Annotated[
        AgentInterruptions | None, Fact("The side that cut in.", on=_AGENT)
    ] = None
    session_state: Annotated[
        AgentSessionState | None, Fact("How the session ended.", on=_AGENT)
    ] = None
