"""`Viewer`: who one is to the gateway."""

import strawberry

from gateway.config import viewers
from gateway.config.viewers import Scope
from gateway.insights.catalogue import AccountSid
from gateway.schema.types.derive import name_enums

name_enums()


@strawberry.type(description="The viewer of this request, and its permissions.")
class Viewer:
    """The answer to `viewer`."""

    name: str = strawberry.field(description="The name by which the gateway's operator knows one.")
    account: AccountSid = strawberry.field(description="The account whose calls one sees.")
    subaccounts: list[AccountSid] | None = strawberry.field(
        description="Subaccounts whose calls one sees too; null for all of them."
    )
    scopes: list[Scope] = strawberry.field(description="The scopes of the viewer.")


def viewer_of(viewer: viewers.Viewer) -> Viewer:
    """A viewer as the graph tells it."""
    realm = viewer.realm
    return Viewer(
        name=viewer.name,
        account=AccountSid(realm.account.sid),
        subaccounts=None if realm.is_whole else sorted(map(AccountSid, realm.subaccounts or ())),
        scopes=sorted(viewer.scopes),
    )
