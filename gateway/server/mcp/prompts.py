"""Defines prompts for people: one for each question that the explorer answers."""

import re
from collections.abc import Mapping
from typing import NamedTuple

_LONGEST = 200
"""Characters of an argument; it is written into the prompt."""


class Argument(NamedTuple):
    """A gap in a prompt; without a `default` it must be filled."""

    name: str
    about: str
    default: str | None = None


class Prompt(NamedTuple):
    """A question, as a text with gaps."""

    name: str
    title: str
    about: str
    text: str
    arguments: tuple[Argument, ...]


_SID = Argument("sid", "SID of the call.")
_WINDOW = Argument("window", "How far back to look, such as `24h` or `7d`.", "24h")

_ALL = (
    Prompt(
        "why_was_this_call_bad",
        "Why was this call bad?",
        "What went wrong in one call, on whose side, and what to do about it.",
        "Look up the call {sid} with look_up_call. Say in two sentences what went wrong, who "
        "noticed it and on whose side the fault most likely lies. List the evidence with figures "
        "and thresholds, then what I can do. Say what the data does not show.",
        (_SID,),
    ),
    Prompt(
        "find_calls_like_this",
        "Which other calls had this problem?",
        "Calls with the same fault as one call.",
        "Look up the call {sid} with look_up_call. Then use search_calls for calls of the last "
        "{window} with the same findings, carrier and country. Say how many there are, what they "
        "have in common, and give five examples.",
        (_SID, _WINDOW),
    ),
    Prompt(
        "calls_over_time",
        "How have calls been?",
        "Calls over time, with the share of bad ones.",
        "Use call_statistics grouped by time for the last {window}. Show calls and the share of "
        "bad ones as a table, and point out slices that stand out. Say whether coverage is whole.",
        (_WINDOW,),
    ),
    Prompt(
        "where_is_it_worst",
        "Where is it worst?",
        "The worst carriers, countries, SDK versions or edge locations.",
        "Use call_statistics grouped by {by} for the last {window}. Rank the groups by the share "
        "of bad calls, leave out groups with fewer than 20 calls, and say how many calls are "
        "behind each figure.",
        (Argument("by", "What to compare: carrier, country, SDK version.", "carrier"), _WINDOW),
    ),
    Prompt(
        "compare_with_before",
        "Is it better or worse than before?",
        "One period compared with the same length before it.",
        "Use call_statistics for the last {window}, and again for as long before that. Compare "
        "calls, the share of bad ones and post-dial delay. Call a difference one only if enough "
        "calls are behind it.",
        (_WINDOW,),
    ),
    Prompt(
        "follow_until_final",
        "Tell me when this call is final.",
        "Waits for the complete summary of a call.",
        "Use follow_call for {sid}, again and again until processing.isFinal is true. Then look "
        "the call up with look_up_call, and say what changed since the first answer.",
        (_SID,),
    ),
)

PROMPTS: Mapping[str, Prompt] = {prompt.name: prompt for prompt in _ALL}

_PLAIN = re.compile(r"[\w .,:/+()-]*")


def filled(prompt: Prompt, given: Mapping[str, str]) -> str:
    """The text of a prompt with its gaps filled. Raises ValueError, which says what is wrong."""
    values = {one.name: given.get(one.name) or one.default for one in prompt.arguments}
    for name, value in values.items():
        if value is None:
            raise ValueError(f"`{name}` is missing.")
        if len(value) > _LONGEST or not _PLAIN.fullmatch(value):
            raise ValueError(f"`{name}` is not a plain text of up to {_LONGEST} characters.")
    return prompt.text.format(**values)
