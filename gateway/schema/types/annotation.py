"""Defines the input and the payload of `annotateCall`, and converts between them and Twilio's."""

from collections.abc import Iterable

import strawberry

from gateway.calls.annotations import Written
from gateway.calls.call import LookupStatus
from gateway.config.viewers import Scope
from gateway.insights.annotation import (
    Annotation,
    AnnotationAnsweredBy,
    ConnectivityIssue,
    QualityIssue,
)
from gateway.insights.annotation_input import Mistake, UserErrorCode, form_of
from gateway.insights.catalogue import CallSid
from gateway.schema.context import Info
from gateway.schema.types.bounds import within
from gateway.schema.types.call import Call, call_of
from gateway.schema.types.derive import name_enums
from gateway.schema.types.field_traits import costs
from gateway.schema.types.inputs import or_none

name_enums()

_TEXT = (
    "Null or an empty text writes an empty one. The gateway refuses a text that seems to hold a "
    "phone number, card number or e-mail address. Twilio does not protect this text as personal "
    "data."
)


@strawberry.input(
    description=(
        "The annotation of a call. A field that is left out stays as it is. Null removes a "
        "value, where Twilio has a way to."
    )
)
class AnnotateCallInput:
    """The fields of an annotation by their attributes, so that `vars` gives the changes."""

    sid: CallSid = strawberry.field(
        description="SID of the call. It may still be running; it ended 30 days ago at most."
    )
    answered_by: AnnotationAnsweredBy | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The party that really answered. Null writes Twilio's `unknown_answered_by`, "
            "which is read as "
            "null."
        ),
    )
    connectivity_issue: ConnectivityIssue | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Problems of the connection. Null writes Twilio's "
            "`unknown_connectivity_issue`, which is read as null."
        ),
    )
    quality_issues: list[QualityIssue] | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Problems of the sound: all of them, because the list replaces the one before. Null "
            "or an empty list writes Twilio's `unknown_quality_issue`, which is read as an empty "
            "list."
        ),
    )
    spam: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Whether it was a spam call. Null is refused with a user error: Twilio can change "
            "this, but not take it away."
        ),
    )
    call_score: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="How good the call was, 1 (bad) to 5 (excellent). Null takes the score away.",
        metadata=within(1, 5),
    )
    comment: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"A remark of up to 100 characters. {_TEXT}"
    )
    incident: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "An incident or support ticket, such as `INC-20261123` or its URL, of up to 100 "
            f"characters. {_TEXT}"
        ),
    )
    client_mutation_id: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Anything; it comes back in the payload, and means nothing to the gateway.",
    )


@strawberry.type(description="A mistake in the input that its author can mend.")
class UserError:
    """What is wrong, where, and a code for programs."""

    message: str = strawberry.field(
        description="The mistake and its cure, in a sentence for people. No text is quoted."
    )
    path: list[str] = strawberry.field(
        description=(
            'The way to the value at fault: `["input", "callScore"]`; in a list, its place as '
            'text: `["input", "qualityIssues", "0"]`.'
        )
    )
    code: UserErrorCode = strawberry.field(description="The kind of mistake, for programs.")


@strawberry.type(description="The result of `annotateCall`.")
class AnnotateCallPayload:
    """Either the call or user errors; a call without a summary yet has neither."""

    user_errors: list[UserError] = strawberry.field(
        description=(
            "The mistakes in the input, all of them. If there is one, nothing was written. "
            "If there is none, the annotation was written."
        )
    )
    client_mutation_id: str | None = strawberry.field(description="As it was in the input.")
    written: strawberry.Private[Written | None] = None

    @strawberry.field(
        description=(
            "The call as it is now, with the annotation that was written. Null when there "
            "are user errors, or when the call has no summary yet. Null with an error of its "
            "own when the call could not be read: the annotation was written all the same."
        ),
        metadata=costs(),  # `annotateCall` includes it
    )
    async def call(self, info: Info) -> Call | None:
        """Asked for only if somebody wants it, so that its failure is not that of the write."""
        if self.written is None:
            return None
        context = info.context
        context.viewer.must(Scope.CALLS_READ, "`call`")
        return call_of(
            await context.call_service.annotations.call(context.viewer.realm, self.written)
        )


async def annotate(info: Info, wish: AnnotateCallInput) -> AnnotateCallPayload:
    """Write what the input wishes; raises UpstreamError when Twilio does not take it."""
    viewer = info.context.viewer
    viewer.must(Scope.ANNOTATIONS_WRITE, "`annotateCall`")
    given = {name: value for name, value in vars(wish).items() if value is not strawberry.UNSET}
    form = form_of({name: given[name] for name in Annotation.__struct_fields__ if name in given})
    reference = or_none(wish.client_mutation_id)
    if form.mistakes:
        return _refusal(form.mistakes, reference)
    annotations = info.context.call_service.annotations
    written = await annotations.write(viewer.realm, wish.sid, form.parameters)
    if isinstance(written, LookupStatus):
        mistake = Mistake(("sid",), UserErrorCode.NO_SUCH_CALL, written.meaning)
        return _refusal([mistake], reference)
    return AnnotateCallPayload(user_errors=[], client_mutation_id=reference, written=written)


def _refusal(mistakes: Iterable[Mistake], reference: str | None) -> AnnotateCallPayload:
    errors = [
        UserError(message=mistake.message, path=["input", *mistake.path], code=mistake.code)
        for mistake in mistakes
    ]
    return AnnotateCallPayload(user_errors=errors, client_mutation_id=reference)
