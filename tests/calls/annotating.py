"""Writing and reading annotations through the graph."""

from typing import Any

from tests.conftest import Gateway

FIELDS = "answeredBy connectivityIssue qualityIssues spam callScore comment incident"
ANNOTATE = f"""
mutation($input: AnnotateCallInput!) {{
  annotateCall(input: $input) {{
    call {{ sid annotation {{ {FIELDS} }} processing {{ source }} }}
    userErrors {{ path code message }}
    clientMutationId
  }}
}}
"""
READ = f"query($sid: CallSid!) {{ call(sid: $sid) {{ annotation {{ {FIELDS} }} }} }}"


async def annotate(gateway: Gateway, sid: str, **changes: Any) -> dict[str, Any]:
    """The payload of a write that must have no errors."""
    data = await gateway.ask(ANNOTATE, input={"sid": sid, **changes})
    payload: dict[str, Any] = data["annotateCall"]
    return payload


async def read(gateway: Gateway, sid: str) -> dict[str, Any]:
    """The annotation of a call that has one."""
    annotation: dict[str, Any] = (await gateway.ask(READ, sid=sid))["call"]["annotation"]
    return annotation
