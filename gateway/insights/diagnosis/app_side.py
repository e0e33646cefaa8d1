"""Evaluates what the Voice SDK reports of an app: errors, warnings, feedback, version, edge."""

from collections.abc import Iterator
from typing import cast

from gateway.insights.diagnosis.call_view import CLIENT, PLACES, SDK, WHOLE_EDGE, CallView
from gateway.insights.diagnosis.findings import Finding
from gateway.insights.diagnosis.parties import CALLEE, CALLER
from gateway.insights.diagnosis.rule_names import FindingRule as Rules
from gateway.insights.diagnosis.wording import finding
from gateway.insights.edge_kinds import CallSide
from gateway.insights.media_edges import GatewayEdgeProperties, SdkEdgeEvents, SdkSettings
from gateway.insights.open_maps import Count, Counts
from gateway.insights.party import Sdk
from gateway.insights.summary import Summary

MICROPHONE_ERRORS = ("31201", "31208", "31401", "31402")
"""Access to the microphone failed or was denied, in versions 1 and 2 of the JavaScript SDK."""

POOR_SCORE = 2
AUTOMATIC = frozenset({"roaming", "gll"})
"""Whichever edge location or region is nearest."""

_EVENTS = "sdkEdge.events"
_WARNINGS = "network-quality-warning-raised"
"""A group of events; Twilio writes it with hyphens or underscores."""
_PRIVATE = "-ix"
"""The ending of an edge location or region that is reached by a private connection."""

_OLDEST_MOBILE, _OLDEST_JAVASCRIPT = (3, 0), (1, 3)


def app_side(view: CallView) -> Iterator[Finding]:
    """All that the SDK tells, beside its measurements."""
    edge = view.summary.sdk_edge
    if edge is not None and edge.events is not None:
        yield from _errors(view)
        yield from _warnings(edge.events)
        yield from _feedback(view, edge.events)
    yield from _edge_location(view.summary)
    yield from _region(view.summary)
    yield from _versions(view.summary)


def sdk_errors(summary: Summary) -> tuple[Count, ...]:
    """The errors that the SDK reported, by their codes."""
    edge = summary.sdk_edge
    return _entries(edge.events.errors if edge and edge.events else None)


def _errors(view: CallView) -> Iterator[Finding]:
    errors = sdk_errors(view.summary)
    microphone = [one for one in errors if one.name in MICROPHONE_ERRORS]
    others = [one for one in errors if one.name not in MICROPHONE_ERRORS]
    field = f"{_EVENTS}.errors"
    if microphone:
        place = PLACES[SDK][1]
        yield finding(
            Rules.MICROPHONE_UNAVAILABLE,
            place,
            heard=view.heard(place),
            field=field,
            value=float(sum(one.count for one in microphone)),
            detail=", ".join(one.name for one in microphone),
        )
    if others:
        yield finding(
            Rules.SDK_ERRORS,
            WHOLE_EDGE[SDK],
            field=field,
            value=float(sum(one.count for one in others)),
            detail=", ".join(one.name for one in others),
        )


def _warnings(events: SdkEdgeEvents) -> Iterator[Finding]:
    groups = _entries(events.groups)
    raised = sum(one.count for one in groups if one.name.replace("_", "-") == _WARNINGS)
    if raised > 0:
        place, field = WHOLE_EDGE[SDK], f"{_EVENTS}.groups"
        yield finding(Rules.SDK_WARNINGS, place, field=field, value=float(raised))


def _entries(counts: Counts | None) -> tuple[Count, ...]:
    return cast("tuple[Count, ...]", counts or ())


def _feedback(view: CallView, events: SdkEdgeEvents) -> Iterator[Finding]:
    feedback = events.feedback
    if feedback is None or feedback.score is None or feedback.score > POOR_SCORE:
        return
    yield finding(
        Rules.REPORTED_ISSUE,
        WHOLE_EDGE[SDK],
        heard=view.user(),
        field=f"{_EVENTS}.feedback.score",
        value=float(feedback.score),
        detail=f"the call as bad in the app: {feedback.score} of 5",
    )


def _edge_location(summary: Summary) -> Iterator[Finding]:
    """The edge location that was used, and those that were asked for."""
    settings, path = _settings(summary)
    if settings is None or not settings.selected_edges or not settings.edge:
        return
    used = settings.edge.removesuffix(_PRIVATE)
    wanted = [one.removesuffix(_PRIVATE) for one in settings.selected_edges]
    if used == wanted[0] or wanted[0] in AUTOMATIC:
        return
    expected = used in wanted or not AUTOMATIC.isdisjoint(wanted)
    rule = Rules.EDGE_LOCATION_FALLBACK if expected else Rules.EDGE_LOCATION_MISMATCH
    detail = f"{settings.edge}, asked for {', '.join(settings.selected_edges)}"
    yield finding(rule, WHOLE_EDGE[SDK], field=f"{path}.edge", detail=detail)


def _settings(summary: Summary) -> tuple[SdkSettings | None, str]:
    """How the device was set up, and where the summary tells it."""
    properties = summary.sdk_edge.properties if summary.sdk_edge else None
    if properties is not None and properties.settings is not None:
        return properties.settings, "sdkEdge.properties.settings"
    settings = summary.properties.settings if summary.properties else None
    return settings, "properties.settings"


def _region(summary: Summary) -> Iterator[Finding]:
    """The region that was used, and the one that was selected."""
    edge = summary.client_edge
    properties = edge.properties if edge else None
    if isinstance(properties, GatewayEdgeProperties) and _differ(
        properties.selected_region, properties.region
    ):
        detail = f"{properties.region}, selected {properties.selected_region}"
        field = "clientEdge.properties.region"
        yield finding(Rules.REGION_MISMATCH, WHOLE_EDGE[CLIENT], field=field, detail=detail)


def _differ(selected: str | None, used: str | None) -> bool:
    if selected is None or used is None or selected in AUTOMATIC:
        return False
    return selected.removesuffix(_PRIVATE) != used.removesuffix(_PRIVATE)


def _versions(summary: Summary) -> Iterator[Finding]:
    for side, party in ((CALLER, summary.from_), (CALLEE, summary.to)):
        sdk = party.sdk if party else None
        if sdk is not None and _unsupported(sdk):
            yield _old_version(side, sdk)


def _old_version(side: CallSide, sdk: Sdk) -> Finding:
    field = f"{'from' if side is CALLER else 'to'}.sdk.version"
    return finding(Rules.UNSUPPORTED_SDK, field=field, detail=f"{side.value} ({sdk.version})")


def _unsupported(sdk: Sdk) -> bool:
    """Whether a version is older than those that Voice Insights supports."""
    major, _, rest = (sdk.version or "").partition(".")
    minor = rest.partition(".")[0]
    if not (major.isdecimal() and (minor or "0").isdecimal()):
        return False
    kind = f"{sdk.type or ''} {sdk.platform or ''}".lower()
    mobile = "android" in kind or "ios" in kind
    if not mobile and "js" not in kind and "webrtc" not in kind:
        return False
    oldest = _OLDEST_MOBILE if mobile else _OLDEST_JAVASCRIPT
    return (int(major), int(minor or "0")) < oldest
