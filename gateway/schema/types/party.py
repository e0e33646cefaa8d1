"""Defines `Party`, with fingerprints for viewers that may not see the number."""

import strawberry

from gateway.insights import party
from gateway.insights.masking import fingerprint
from gateway.schema.context import Info
from gateway.schema.types.derive import extends
from gateway.schema.types.field_traits import Reads, reads

_HASH_OF = (
    "A stand-in for `{field}`: the same for the same number or name in all calls of the account. "
    "Group calls by it without showing the number. Null when `{field}` is."
)


@extends(party.Party)
class Party:
    """One end of a call: the calling party (`from`) or the called one (`to`)."""

    @strawberry.field(description=_HASH_OF.format(field="caller"), metadata=reads(Reads.ACCOUNT))
    @staticmethod
    def caller_hash(root: strawberry.Parent[party.Party], info: Info) -> str | None:
        """Keyed, so that nobody finds the number by trying all."""
        return fingerprint(root.caller, info.context.viewer.realm.account.hashing_key)

    @strawberry.field(description=_HASH_OF.format(field="callee"), metadata=reads(Reads.ACCOUNT))
    @staticmethod
    def callee_hash(root: strawberry.Parent[party.Party], info: Info) -> str | None:
        """Keyed, so that nobody finds the number by trying all."""
        return fingerprint(root.callee, info.context.viewer.realm.account.hashing_key)
