"""Declares how fields of a summary are described: unit, presence, personal data.

A field of the upstream is declared once, as a field of an `Entity`: its name is Twilio's, its
type says how it is decoded, its `fact(…)` says what a reader of the graph must know. The GraphQL
types, the reference in the documentation and the masking of personal data are derived from it.
"""

import enum
import re
from collections import ChainMap
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any, ClassVar, NewType, ParamSpec, Self, TypeVar

import msgspec


class Pii(enum.Enum):
    """Which kind of personal data a field holds, if any."""

    NONE = "none"
    IDENTITY = "phone number, client name or SIP address"
    LOCATION = "location"
    NETWORK = "IP address"
    DEVICE = "device"
    FREE_TEXT = "free text, written by people"


class Fact(msgspec.Struct, frozen=True):
    """What a reader must know of a field: meaning, unit, for which calls it is there, and PII.

    `deprecated` says why it is, and what to use instead; `changes` that it can be another, later,
    even of a complete call. `name` is Twilio's where that of the attribute is another. A field is
    None by default, unless it is `required`.
    """

    meaning: str
    unit: str = ""
    on: str = "every call, when known"
    pii: Pii = Pii.NONE
    deprecated: str | None = None
    changes: bool = False
    name: str | None = None
    required: bool = False

    @property
    def description(self) -> str:
        """The description of the field in the graph."""
        unit = f"Unit: {self.unit}. " if self.unit else ""
        return f"{self.meaning}\n{unit}Available: {self.on}. PII: {self.pii.value}."


P = ParamSpec("P")


def _as_default(make: Callable[P, Fact]) -> Callable[P, Any]:
    return make


fact = _as_default(Fact)
"""The `Fact` of a field, where its default stands: `city: Text | None = fact("The city.")`."""


class EntityMeta(msgspec.StructMeta):
    """Takes the facts of an entity from where the defaults of its fields stand."""

    facts: ChainMap[str, Fact]

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> "EntityMeta":
        """An entity; `facts` are those of its fields, by their attributes."""
        own = {name: value for name, value in namespace.items() if isinstance(value, Fact)}
        for attribute, one in own.items():
            default = msgspec.NODEFAULT if one.required else None
            namespace[attribute] = msgspec.field(name=one.name, default=default)
        above = (base.facts for base in bases if isinstance(base, EntityMeta))
        namespace["facts"] = ChainMap(own, *above)
        return super().__new__(mcs, name, bases, namespace, **options)


class Entity(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, metaclass=EntityMeta
):
    """An object of the upstream, immutable; its docstring is its description in the graph.

    A tree of plain values never forms a cycle, so the garbage collector need not look at it. That
    there is a key which it does not have is told by the decoder, and harms nothing.
    """

    typename = ""
    """What it is called, in the graph too."""

    beside = frozenset[str]()
    """Keys that are known to stand in it, and that say nothing of it."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Name it."""
        super().__init_subclass__(**options)
        cls.typename = cls.__name__


class OpenMap(tuple[Entity, ...]):
    """An object whose keys are data (`{"d50": 24}`), as a tuple of entries sorted by key."""

    __slots__ = ()
    entry: ClassVar[type[Entity]]
    _order: ClassVar[Callable[[Entity], Any]]

    def __init_subclass__(cls) -> None:
        """Order its entries by their first field."""
        cls._order = attrgetter(cls.entry.__struct_fields__[0])

    @classmethod
    def read(cls, key: str, value: object) -> Entity:
        """One entry; raises ValueError or TypeError when key or value is not of its kind."""
        raise NotImplementedError

    @classmethod
    def from_mapping(cls, mapping: object) -> Self:
        """The whole object; raises ValueError or TypeError as `read` does."""
        if not isinstance(mapping, dict):
            raise TypeError("Expected `object`")
        return cls.sorted(map(cls.read, mapping, mapping.values()))

    @classmethod
    def sorted(cls, entries: Iterable[Entity]) -> Self:
        """The entries in the order of their first field."""
        return cls(sorted(entries, key=cls._order))


class Vocabulary(enum.StrEnum):
    """A closed list of words, each with its meaning; members are written `NAME = word, meaning`.

    Twilio adds words without notice and spells some in several ways, so a word is found by the
    name that its letters and digits make: `outbound-api` and `outbound_api` are `OUTBOUND_API`.
    """

    meaning: str

    def __new__(cls, word: str, meaning: str) -> Self:
        """Keep the word as the member's value and the meaning beside it."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning = meaning
        return member

    @classmethod
    def _missing_(cls, value: object) -> "Self | None":
        """The member that a word spells in another way."""
        return cls.spelled(value) if isinstance(value, str) else None

    @classmethod
    def spelled(cls, word: str) -> "Self | None":
        """The member that `word` spells, or None, as for what is far longer than a word."""
        return cls.__members__.get(vocabulary_name(word)) if len(word) <= _LONGEST_WORD else None


_LONGEST_WORD = 100
"""Characters: names of words are remembered, and so bounded."""

UNRECOGNIZED = (
    "UNRECOGNIZED",
    "A value that this version of the gateway does not know; Twilio's word for it is in `raw`.",
)

T = TypeVar("T")

NonEmpty = Annotated[T, msgspec.Meta(min_length=1)]
"""Something said: Twilio writes `""` where there is nothing to say."""

Text = NonEmpty[str]
"""Words, or a name."""

SipStatus = Annotated[int, msgspec.Meta(ge=1, le=999)]
"""A SIP response; event payloads hold 0 when none came."""

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
"""A number that fits GraphQL's `Int`; any other is dropped at the door, not failed on later."""

Numbered = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
"""A cause or a score, counted from 1; Twilio writes 0 where there is none."""

BigInt = NewType("BigInt", int)
"""The type in the graph of what can pass 2³¹: the packets and bytes of a long call."""

Counter = Annotated[BigInt, msgspec.Meta(ge=-(2**53) + 1, le=2**53 - 1)]
"""A number that a JSON number holds exactly everywhere; any other is dropped at the door."""

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment; Twilio writes `2026-11-23T07:29:00Z`."""

CallSid = NewType("CallSid", str)
AccountSid = NewType("AccountSid", str)

SHARED_SHAPES: set[type[Entity]] = set()
E_ = TypeVar("E_", bound=type[Entity])


def shared_shape(entity: E_) -> E_:
    """Mark what several entities have in common: an interface in the graph."""
    SHARED_SHAPES.add(entity)
    return entity


@lru_cache(maxsize=1024)
def vocabulary_name(word: str) -> str:
    """`therapy_(individual+group)` → `THERAPY_INDIVIDUAL_GROUP`: a name that GraphQL accepts."""
    return re.sub(r"[^A-Z0-9]+", "_", word.upper()).strip("_")


def graph_name(upstream_name: str) -> str:
    """`last_sip_response_num` → `lastSipResponseNum`: the naming rule of the whole graph."""
    head, *tail = upstream_name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in tail)
