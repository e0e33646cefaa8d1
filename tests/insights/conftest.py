import json
from typing import Any

from gateway.insights.summary import Summary
from gateway.insights.summary_decoding import decode_summary, whole
from gateway.instrumentation import Happening


def read(plain: object) -> tuple[Summary, list[Happening]]:
    """A summary from what stands in its JSON, and what the hook heard."""
    heard: list[Happening] = []
    return whole(decode_summary(json.dumps(plain).encode(), heard.append)), heard


def there(entity: Any) -> set[str]:
    """The attributes of an entity that are not null."""
    return {name for name in entity.__struct_fields__ if getattr(entity, name) is not None}
