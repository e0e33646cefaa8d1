"""Lists the fields by which calls can be filtered, grouped, sorted and measured.

A field has one name in three spellings: `CARRIER_EDGE_METRICS_INBOUND_JITTER_MAX` as a value of
`CallField`, the same in lower case as a column, and the path to it in the graph.
"""

from msgspec import Struct

from gateway.insights.catalogue import Fact, Vocabulary
from gateway.insights.diagnosis.findings import SuspectKind
from gateway.insights.diagnosis.rule_names import FindingRule
from gateway.insights.leaves import LEAVES, Kind, Leaf, constant, ends, graph_path
from gateway.insights.media_edges import MediaEdge

EDGES = ("carrier_edge", "sip_edge", "client_edge", "sdk_edge")
"""The media edges of a summary, from the network inwards."""


class Field(Struct, frozen=True):
    """Something of a call that can be asked for; of a list with `many`.

    `names` are the parts of its path, as Twilio spells them. `stand_in` is the field to use
    instead of personal data.
    """

    names: tuple[str, ...]
    kind: Kind
    many: bool
    fact: Fact
    vocabulary: type[Vocabulary] | None = None
    is_personal: bool = False
    stand_in: str = ""

    @property
    def constant(self) -> str:
        """Its name as a value of `CallField`."""
        return constant(self.names)

    @property
    def column(self) -> str:
        """Its column."""
        return self.constant.lower()

    @property
    def path(self) -> tuple[str, ...]:
        """Where it is in the graph."""
        return graph_path(self.names)

    def at(self, edge: str) -> "Field":
        """The field of one edge, of a field that edges have in common."""
        return FIELDS[constant((edge, *self.names))]


_PARTIES = ("caller", "callee")
_STREAMS = ("inbound", "outbound")
GATEWAY_EDGES = ("carrier_edge", "sip_edge", "client_edge")
"""The media edges at Twilio's own gateways."""

HASHES = tuple(
    Field(
        (end, f"{party}_hash"),
        Kind.TEXT,
        many=False,
        fact=Fact(f"A stand-in for `{party}` of `{end}`, the same in all calls of the account."),
    )
    for end in ("from", "to")
    for party in _PARTIES
)
ESTIMATED_MOS = tuple(
    Field(
        (edge, "metrics", stream, "estimated_mos"),
        Kind.NUMBER,
        many=False,
        fact=Fact(
            "Mean opinion score that the stream had at most, estimated.", "score from 1 to 4.5"
        ),
    )
    for edge in GATEWAY_EDGES
    for stream in _STREAMS
)
DIAGNOSIS = (
    Field(
        ("diagnosis", "rules"),
        Kind.WORD,
        many=True,
        fact=Fact(
            "The rules that found something, also those of severity `INFO`; few calls have none."
        ),
        vocabulary=FindingRule,
    ),
    Field(
        ("diagnosis", "suspects"),
        Kind.WORD,
        many=True,
        fact=Fact("Where a fault most likely lies, the likeliest first."),
        vocabulary=SuspectKind,
    ),
)
DERIVED = (*HASHES, *ESTIMATED_MOS, *DIAGNOSIS)
"""What the gateway adds to a summary."""


def _field(leaf: Leaf) -> Field:
    stand_in = f"{constant(leaf.names)}_HASH" if leaf.names[-1] in _PARTIES else ""
    return Field(
        leaf.names,
        leaf.kind,
        leaf.many,
        leaf.fact,
        leaf.vocabulary,
        leaf.is_personal,
        stand_in if leaf.names[0] in {"from", "to"} else "",
    )


FIELDS = {field.constant: field for field in (*map(_field, LEAVES), *DERIVED)}
"""All fields, by their names in `CallField`."""

EDGE_FIELDS = {
    field.path: field for field in map(_field, (e for e in ends(MediaEdge) if isinstance(e, Leaf)))
}
"""What all media edges have in common, by its path below an edge."""
