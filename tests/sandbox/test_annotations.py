import pytest

from gateway.sandbox import Sandbox
from tests.sandbox.conftest import Visitor

BLANK = dict.fromkeys(
    (
        "answered_by",
        "connectivity_issue",
        "quality_issues",
        "spam",
        "call_score",
        "comment",
        "incident",
    )
)
FORM = {
    "AnsweredBy": "human",
    "ConnectivityIssue": "dropped_call",
    "QualityIssues": "echo,owa",
    "Spam": "true",
    "CallScore": "2",
    "Comment": "crackles & hisses",
    "Incident": "INC-7",
}
SAID = {
    "answered_by": "human",
    "connectivity_issue": "dropped_call",
    "quality_issues": ["echo", "owa"],
    "spam": True,
    "call_score": 2,
    "comment": "crackles & hisses",
    "incident": "INC-7",
}


async def test_a_call_of_which_nothing_was_said_has_an_annotation_of_nulls(
    account: Visitor, sandbox: Sandbox
) -> None:
    """The resource is there before anything is written."""
    sid = sandbox.examples()["sip"]

    answer = await account.get(f"/v1/Voice/{sid}/Annotation")

    url = f"https://insights.twilio.com/v1/Voice/{sid}/Annotation"
    names = {"account_sid": sandbox.account_sid, "call_sid": sid, "url": url}
    assert answer.json() == BLANK | names


async def test_what_is_written_can_be_read_everywhere(account: Visitor, sandbox: Sandbox) -> None:
    """The answer, the resource, the summary and the list agree."""
    sid = sandbox.examples()["sip"]

    written = (await account.annotate(sid, **FORM)).json()

    assert written.items() >= SAID.items()
    assert (await account.get(f"/v1/Voice/{sid}/Annotation")).json() == written
    assert (await account.summary(sid)).json()["annotation"] == SAID
    (listed,) = await account.calls(CallScoreAnnotation="2", QualityIssueAnnotation="owa")
    assert listed["annotation"] == SAID


async def test_only_what_is_given_changes(account: Visitor, sandbox: Sandbox) -> None:
    """A form with one field leaves the others alone; an empty score takes the score away."""
    sid = sandbox.examples()["annotated"]
    before = (await account.summary(sid)).json()["annotation"]

    await account.annotate(sid, Incident="INC-9")
    await account.annotate(sid, CallScore="")

    after = (await account.summary(sid)).json()["annotation"]
    assert after == before | {"incident": "INC-9", "call_score": None}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("AnsweredBy", "dog"),
        ("ConnectivityIssue", ""),
        ("QualityIssues", "echo, owa"),
        ("QualityIssues", "echo,nonsense"),
        ("Spam", "maybe"),
        ("CallScore", "6"),
        ("CallScore", "0"),
        ("CallScore", "good"),
        ("Comment", "x" * 101),
        ("Incident", "x" * 101),
        ("Remark", "x"),
    ],
)
async def test_a_bad_value_changes_nothing(
    account: Visitor, sandbox: Sandbox, field: str, value: str
) -> None:
    """400, code 17400, the field named; and the good fields beside it are not written either."""
    sid = sandbox.examples()["annotated"]
    before = (await account.summary(sid)).json()

    answer = await account.annotate(
        sid,
        Comment="fine" if field != "Comment" else value,
        **({} if field == "Comment" else {field: value}),
    )

    assert (answer.status_code, answer.json()["code"]) == (400, 17400)
    assert field in answer.json()["message"]
    assert (await account.summary(sid)).json() == before


async def test_a_hundred_characters_are_not_too_many(account: Visitor, sandbox: Sandbox) -> None:
    """The bound is for characters, not for bytes."""
    answer = await account.annotate(sandbox.examples()["sip"], Comment="ß" * 100)

    assert answer.json()["comment"] == "ß" * 100


@pytest.mark.parametrize("name", ["running", "not_ready", "partial"])
async def test_a_call_can_be_annotated_before_its_summary_is_complete(
    account: Visitor, sandbox: Sandbox, name: str
) -> None:
    """During the call, after it, with or without a summary."""
    answer = await account.annotate(sandbox.examples()[name], Comment="early")

    assert answer.json()["comment"] == "early"


@pytest.mark.parametrize(
    ("name", "code"), [("expired", 17002), ("not_found", 20404), ("not_enabled", 17007)]
)
async def test_a_call_without_a_summary_cannot_be_annotated(
    account: Visitor, sandbox: Sandbox, name: str, code: int
) -> None:
    """What cannot be addressed cannot be written to."""
    assert (await account.annotate(sandbox.examples()[name], Comment="x")).json()["code"] == code


async def test_a_summary_of_a_tests_own_can_be_annotated(
    account: Visitor, sandbox: Sandbox
) -> None:
    """Everything else about it stays verbatim."""
    sid = sandbox.add({"tags": ["silence"], "annotation": {"comment": "old"}})

    await account.annotate(sid, Spam="false")

    summary = (await account.summary(sid)).json()
    assert summary["annotation"] == BLANK | {"comment": "old", "spam": False}
    assert summary["tags"] == ["silence"]
