"""Names the rules of the diagnosis, with a sentence for each."""

from gateway.insights.catalogue import Vocabulary


class FindingRule(Vocabulary):
    """Which rule made a finding. Each has a section in the documentation, with its source."""

    FAILED_BEFORE_MEDIA = "failed_before_media", "The call failed before any media."
    BLOCKED_BY_NETWORK = "blocked_by_network", "A network blocked the call: SIP 608."
    UNWANTED = "unwanted", "The called party refused the call as unwanted: SIP 607."
    ICE_FAILURE = "ice_failure", "The app found no way to Twilio for media."
    MICROPHONE_UNAVAILABLE = "microphone_unavailable", "The app could not open the microphone."
    NO_MEDIA = "no_media", "An edge of an answered call had no packets in either direction."
    ONE_WAY_AUDIO = "one_way_audio", "An edge had packets in one direction alone."
    HIGH_PACKET_LOSS = "high_packet_loss", "More than 5 % of packets were lost."
    ELEVATED_PACKET_LOSS = (
        "elevated_packet_loss",
        "More than 3 % of packets were lost, the SDK's threshold for an average, but not over 5 %.",
    )
    HIGH_JITTER = "high_jitter", "Average jitter above 5 ms, and maximum jitter above 30 ms."
    LATE_PACKETS = "late_packets", "More than 1 % of packets came at least 200 ms late."
    HIGH_RTT = "high_rtt", "Round-trip time between app and Twilio above 400 ms."
    HIGH_LATENCY = "high_latency", "More than 150 ms inside Twilio."
    LOW_MOS = "low_mos", "Mean opinion score below 3.5 at the SDK."
    LOW_ESTIMATED_MOS = "low_estimated_mos", "Estimated mean opinion score below 3.5 at a gateway."
    SILENCE = "silence", "Twilio tagged silence."
    SILENT_MICROPHONE = (
        "silent_microphone",
        "The microphone of the app was never louder than 1 % of full scale.",
    )
    SILENT_SPEAKER = (
        "silent_speaker",
        "The speaker of the app was never louder than 1 % of full scale.",
    )
    SDK_ERRORS = "sdk_errors", "The SDK reported errors."
    HIGH_POST_DIAL_DELAY = (
        "high_post_dial_delay",
        "It took long to ring: by Twilio's tag, or longer than ITU-T E.721 wants anywhere (11 s).",
    )
    EDGE_LOCATION_MISMATCH = "edge_location_mismatch", "An edge location was used unasked."
    REGION_MISMATCH = "region_mismatch", "Another region than the selected one was used."
    UNSUPPORTED_SDK = "unsupported_sdk", "Voice Insights does not support this SDK version."
    NO_MEDIA_EDGE = "no_media_edge", "The call was completed, and it has no media edge."
    AMD_MISMATCH = "amd_mismatch", "A person says that AMD was wrong."
    REPORTED_ISSUE = "reported_issue", "A person reported bad quality."
    NOT_ANSWERED = "not_answered", "The call was not answered, or the caller gave up."
    DECLINED = "declined", "The call was declined: SIP 603."
    SIP_RESPONSE = "sip_response", "The last SIP response was no success."
    Q850_CAUSE = "q850_cause", "The call was not cleared in the normal way."
    SHORT_CALL = "short_call", "A telephone call of less than 10 seconds."
    DISCONNECTED_BY = "disconnected_by", "The side that hung up."
    JITTER_PEAK = "jitter_peak", "Maximum jitter above 30 ms, with a fair average."
    ELEVATED_JITTER = "elevated_jitter", "Jitter above 5 ms on average, without a high peak."
    MOS_DIP = "mos_dip", "The mean opinion score fell below 3 for a moment."
    SDK_WARNINGS = "sdk_warnings", "The SDK warned of the network during the call."
    CODEC_CEILING = "codec_ceiling", "The codec limits how good the call can sound."
    EDGE_LOCATION_FALLBACK = "edge_location_fallback", "Not the first choice of edge location."
    TAG_BELOW_THRESHOLD = "tag_below_threshold", "A tag that no shown number explains."
    METRICS_MISSING = "metrics_missing", "An edge of an answered call has no measurements."
    PARTIAL_SUMMARY = "partial_summary", "The summary is partial: more may come."
