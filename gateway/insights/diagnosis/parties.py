"""Decides which party a media edge faces, and so which one receives a stream.

Twilio's own words ("Understanding Twilio Media Edges"): at the carrier, SIP and client edges,
`inbound` is what Twilio received from the party outside and `outbound` what Twilio sent to it.
At the SDK edge the app itself measures: `inbound` is what the app received, `outbound` what it
sent. So one question decides who heard a stream: is the party at the edge the caller or the callee?

| Call | Carrier edge | SIP edge | Client edge | SDK edge |
|---|---|---|---|---|
| `inbound`: somebody calls Twilio | caller | caller | caller | caller |
| `outbound_api`, `outbound_dial`: Twilio calls somebody | callee | callee | callee | callee |
| `trunking_originating`: from the network to your trunk | caller | callee | | |
| `trunking_terminating`: from your trunk to the network | callee | caller | | |

Each summary is of one leg, and a leg joins Twilio to one party; so all edges of a leg face the same
party. Trunking is one leg with two parties, its SIP edge always on the side of your infrastructure.
So is a telephone leg that carries the SDK edge of the app that dialled it: beside a carrier or SIP
edge without a client edge, the SDK edge faces the other party.

If the direction of the call is not known, each edge tells its own: towards Twilio (`inbound` at
a gateway) the party is the caller. The SDK tells it from where it stands: `outbound`, the app
called. If nothing tells it, who heard it is not known.
"""

from gateway.insights.edge_kinds import CallSide, MediaEdgeKind, StreamDirection
from gateway.insights.media_edges import MediaDirection, MediaEdge
from gateway.insights.summary import CallDirection, Summary

CALLER, CALLEE = CallSide.CALLER, CallSide.CALLEE
NOBODY_KNOWS: tuple[CallSide, ...] = ()
BOTH = (CALLER, CALLEE)
OTHER = {CALLER: CALLEE, CALLEE: CALLER}

_ONE_PARTY = {
    CallDirection.INBOUND: CALLER,
    CallDirection.OUTBOUND_API: CALLEE,
    CallDirection.OUTBOUND_DIAL: CALLEE,
}
_AT_THE_CARRIER = {
    **_ONE_PARTY,
    CallDirection.TRUNKING_ORIGINATING: CALLER,
    CallDirection.TRUNKING_TERMINATING: CALLEE,
}
_AT_THE_SIP_PEER = {
    **_ONE_PARTY,
    CallDirection.TRUNKING_ORIGINATING: CALLEE,
    CallDirection.TRUNKING_TERMINATING: CALLER,
}
_TABLE = {
    MediaEdgeKind.CARRIER: _AT_THE_CARRIER,
    MediaEdgeKind.SIP: _AT_THE_SIP_PEER,
    MediaEdgeKind.CLIENT: _ONE_PARTY,
    MediaEdgeKind.SDK: _ONE_PARTY,
}
_BY_GATEWAY = {MediaDirection.INBOUND: CALLER, MediaDirection.OUTBOUND: CALLEE}
_BY_SDK = {MediaDirection.OUTBOUND: CALLER, MediaDirection.INBOUND: CALLEE}


def party_at(summary: Summary, kind: MediaEdgeKind, edge: MediaEdge) -> CallSide | None:
    """The party that an edge of the call faces; None if that is not known."""
    direction = summary.properties.direction if summary.properties else None
    party = _TABLE[kind].get(direction) if direction else None
    if kind is not MediaEdgeKind.SDK:
        return party or _by_itself(edge, _BY_GATEWAY)
    beside = summary.client_edge is None and (summary.carrier_edge or summary.sip_edge)
    return _by_itself(edge, _BY_SDK) or (OTHER[party] if party and beside else party)


def heard_by(
    party: CallSide | None, kind: MediaEdgeKind, direction: StreamDirection
) -> tuple[CallSide, ...]:
    """Who heard a stream of an edge that faces `party`; empty if that is not known."""
    if party is None:
        return NOBODY_KNOWS
    to_the_party = (
        StreamDirection.INBOUND if kind is MediaEdgeKind.SDK else StreamDirection.OUTBOUND
    )
    return (party,) if direction is to_the_party else (OTHER[party],)


def _by_itself(edge: MediaEdge, sides: dict[MediaDirection, CallSide]) -> CallSide | None:
    direction = edge.properties.direction if edge.properties else None
    return sides.get(direction) if direction else None
