"""Lists the pages and specifications that the rules cite."""

from gateway.insights.diagnosis.findings import Url

_INSIGHTS = "https://www.twilio.com/docs/voice/voice-insights"

TAGS = Url("https://www.twilio.com/docs/voice/insights/api/voice-insights-call-tags")
EDGES = Url(f"{_INSIGHTS}/api/call/understanding-edges")
SUMMARY = Url(f"{_INSIGHTS}/api/call/details-call-summary")
SDK_EVENTS = Url(f"{_INSIGHTS}/api/call/details-sdk-call-quality-events")
ANNOTATION = Url(f"{_INSIGHTS}/api/call/call-annotation-resource")
QUESTIONS = Url(f"{_INSIGHTS}/frequently-asked-questions")
SDK_ERRORS = Url("https://www.twilio.com/docs/voice/sdks/error-codes")
MICROPHONE = Url("https://www.twilio.com/docs/api/errors/31401")
AMD = Url("https://www.twilio.com/docs/voice/answering-machine-detection")
SDK_EDGES = Url("https://www.twilio.com/docs/voice/sdks/javascript/edges")
REGIONS = Url("https://www.twilio.com/docs/global-infrastructure/understanding-edge-locations")
SDK_THRESHOLDS = Url(
    "https://github.com/twilio/twilio-voice.js/blob/master/lib/twilio/statsMonitor.ts"
)
E_MODEL = Url("https://www.itu.int/rec/T-REC-G.107")
CODECS = Url("https://www.itu.int/rec/T-REC-G.113")
POST_DIAL_DELAY = Url("https://www.itu.int/rec/T-REC-E.721")
CAUSES = Url("https://www.itu.int/rec/T-REC-Q.850")
SIP = Url("https://www.rfc-editor.org/rfc/rfc3261#section-21")
UNWANTED = Url("https://www.rfc-editor.org/rfc/rfc8197")
REJECTED = Url("https://www.rfc-editor.org/rfc/rfc8688")
NETWORK_BLOCKED = Url(
    "https://access.atis.org/apps/group_public/download.php/67424/ATIS-1000099.pdf"
)
