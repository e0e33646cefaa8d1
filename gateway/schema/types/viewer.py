"""Defines `Viewer`: its name and scopes, and the settings of its accounts."""

from typing import Annotated

import strawberry

from gateway.config import viewers
from gateway.config.viewers import Scope
from gateway.errors import BadUserInput, Forbidden
from gateway.insights.catalogue import AccountSid
from gateway.schema.context import Info
from gateway.schema.types.derive import name_enums
from gateway.schema.types.field_traits import costs
from gateway.schema.types.inputs import or_none

name_enums()

MAX_ACCOUNTS = 20
"""How many accounts are told of at once; each may take a request to Twilio."""


@strawberry.type(
    description="The settings of Voice Insights for an account. The gateway changes none of them."
)
class VoiceInsights:
    """Settings of Voice Insights."""

    advanced_features: bool | None = strawberry.field(
        description="Whether Advanced Features are on: without them calls have no summary."
    )
    voice_trace: bool | None = strawberry.field(
        description="Whether Voice Trace is on: Twilio then keeps captures of signalling."
    )


@strawberry.type(description="An account whose calls the viewer sees.")
class ViewerAccount:
    """One of `viewer { accounts }`."""

    sid: AccountSid = strawberry.field(description="SID of the account or subaccount.")

    @strawberry.field(
        description=(
            "Its settings of Voice Insights, at most a minute old. They explain why calls have no "
            "summary. Needs the scope `settings:read`."
        ),
        metadata=costs(requests=1),
    )
    async def voice_insights(self, info: Info) -> VoiceInsights | None:
        """Asked of Twilio, for each account by itself."""
        viewer = info.context.viewer
        viewer.must(Scope.SETTINGS_READ, "`voiceInsights`")
        settings = await info.context.call_service.settings.of(viewer.realm, self.sid)
        return VoiceInsights(
            advanced_features=settings.advanced_features, voice_trace=settings.voice_trace
        )


@strawberry.type(description="The viewer of this request, and its permissions.")
class Viewer:
    """The answer to `viewer`."""

    name: str = strawberry.field(description="The name by which the gateway's operator knows one.")
    account: AccountSid = strawberry.field(description="The account whose calls one sees.")
    subaccounts: list[AccountSid] | None = strawberry.field(
        description="Subaccounts whose calls one sees too; null for all of them."
    )
    scopes: list[Scope] = strawberry.field(description="The scopes of the viewer.")

    @strawberry.field(
        description=(
            "`account`, and after it `subaccounts` if these are named; up to 20 of them. A viewer "
            "of all subaccounts names those it means in `sids`."
        ),
        metadata=costs(sized_by=("sids",), most=MAX_ACCOUNTS, otherwise=MAX_ACCOUNTS),
    )
    def accounts(
        self,
        info: Info,
        sids: Annotated[
            list[AccountSid] | None,
            strawberry.argument(description="These accounts alone; up to 20."),
        ] = strawberry.UNSET,
    ) -> list[ViewerAccount]:
        """Each may be asked for its settings."""
        chosen, realm = or_none(sids), info.context.viewer.realm
        if chosen is None:
            chosen = [self.account, *(self.subaccounts or ())][:MAX_ACCOUNTS]
        if len(chosen) > MAX_ACCOUNTS:
            raise BadUserInput("sids", f"holds {len(chosen)} of them", f"up to {MAX_ACCOUNTS}")
        if not all(map(realm.has, chosen)):
            raise Forbidden(
                "`sids` names an account that is none of `viewer { account subaccounts }`: leave "
                "it out."
            )
        return [ViewerAccount(sid=sid) for sid in chosen]


def viewer_of(viewer: viewers.Viewer) -> Viewer:
    """A viewer as the graph tells it."""
    realm = viewer.realm
    return Viewer(
        name=viewer.name,
        account=AccountSid(realm.account.sid),
        subaccounts=None if realm.is_whole else sorted(map(AccountSid, realm.subaccounts or ())),
        scopes=sorted(viewer.scopes),
    )
