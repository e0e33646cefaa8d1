"""Models ConversationRelay sessions, in which a voice agent takes part in a call."""

from gateway.insights.catalogue import UNRECOGNIZED, Counter, Entity, Int32, Text, Vocabulary, fact
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

    total: Counter | None = fact("All tokens spoken.", "tokens", _AGENT)
    tokens_per_second: AvgMaxMin | None = fact("Speed of generation.", "tokens per second", _AGENT)


class AgentWords(Entity, frozen=True):
    """Words spoken in a session."""

    total: Counter | None = fact("All words spoken.", "words", _AGENT)
    words_per_minute: AvgMaxMin | None = fact("Speed of speech.", "words per minute", _AGENT)


class AgentInterruptions(Entity, frozen=True):
    """Interruptions of the agent and of the caller."""

    customer_to_agent: Int32 | None = fact(
        "Times the customer interrupted the agent.", "times", _AGENT
    )
    agent_to_customer: Int32 | None = fact(
        "Times the agent interrupted the customer.", "times", _AGENT
    )


class AgentSessionSummary(Entity, frozen=True):
    """One ConversationRelay session of a call."""

    session_id: Text | None = fact("Identifies the session.", on=_AGENT)
    tts_latency_ms: AvgMaxMin | None = fact("Time that text to speech took.", "ms", _AGENT)
    stt_latency_ms: AvgMaxMin | None = fact("Time that speech to text took.", "ms", _AGENT)
    network_latency_ms: AvgMaxMin | None = fact(
        "Time spent on the way to the application.", "ms", _AGENT
    )
    time_to_first_audio_ms: AvgMaxMin | None = fact(
        "From the end of the customer's speech to the agent's first sound.", "ms", _AGENT
    )
    application_latency_ms: AvgMaxMin | None = fact(
        "Time that the application took to answer.", "ms", _AGENT
    )
    tokens: AgentTokens | None = fact("Language model tokens.", on=_AGENT)
    words: AgentWords | None = fact("Words spoken.", on=_AGENT)
    turns: Int32 | None = fact("Turns of the conversation.", "turns", _AGENT)
    interruptions: AgentInterruptions | None = fact("The side that cut in.", on=_AGENT)
    session_state: AgentSessionState | None = fact("How the session ended.", on=_AGENT)
