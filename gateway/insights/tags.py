"""Names the tags by which Voice Insights marks possible problems of quality."""

from gateway.insights.catalogue import UNRECOGNIZED, Vocabulary


class CallTag(Vocabulary):
    """A condition that could have been heard."""

    SILENCE = "silence", "Silence on a gateway edge: perhaps one-way audio."
    HIGH_JITTER = (
        "high_jitter",
        "Average jitter above 5 ms with a maximum above 30 ms, or over 1 % of packets 200 ms late.",
    )
    HIGH_PACKET_LOSS = "high_packet_loss", "More than 5 % of packets lost."
    HIGH_PDD = "high_pdd", "Post-dial delay above the 95th percentile of the country."
    HIGH_LATENCY = (
        "high_latency",
        "More than 150 ms inside Twilio, or a round trip above 400 ms at the SDK.",
    )
    PSTN_SHORT_DURATION = "pstn_short_duration", "Completed in less than 10 seconds."
    LOW_MOS = "low_mos", "Mean opinion score below 3.5 at the SDK."
    ICE_FAILURE = "ice_failure", "The SDK could not find a way to Twilio for media."
    UNRECOGNIZED = UNRECOGNIZED
