"""Computes the fields that the gateway adds to a summary: fingerprints, estimates, diagnosis."""

from typing import Any

from gateway.insights.diagnosis.diagnosis import diagnose
from gateway.insights.masking import fingerprint
from gateway.insights.media_edges import GatewayEdge
from gateway.insights.mos import estimated_mos
from gateway.insights.party import Party
from gateway.insights.summary import Summary


def derived(summary: Summary, hash_key: bytes) -> list[Any]:
    """The values of the derived fields, in their order."""
    diagnosis = diagnose(summary)
    return [
        *_hashes(summary.from_, hash_key),
        *_hashes(summary.to, hash_key),
        *_estimates(summary.carrier_edge),
        *_estimates(summary.sip_edge),
        *_estimates(summary.client_edge),
        list(dict.fromkeys(finding.rule.value for finding in diagnosis.findings)),
        [suspect.where.value for suspect in diagnosis.suspects],
    ]


def _hashes(party: Party | None, key: bytes) -> tuple[str | None, str | None]:
    if party is None:
        return None, None
    return fingerprint(party.caller, key), fingerprint(party.callee, key)


def _estimates(edge: GatewayEdge | None) -> tuple[float | None, float | None]:
    metrics = None if edge is None else edge.metrics
    if metrics is None:
        return None, None
    inbound, outbound = metrics.inbound, metrics.outbound
    return (
        None if inbound is None else estimated_mos(inbound),
        None if outbound is None else estimated_mos(outbound),
    )
