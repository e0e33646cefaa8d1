"""Labels code blocks with their language, and links each GraphQL operation to GraphiQL.

What follows the language of a block names its part: `json variables`, `json answer`,
`text output`, `sh terminal`, or the name of a file.
"""

import json
import re
from collections.abc import Sequence
from html import escape
from urllib.parse import quote, urlencode

BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: (?P<part>[^\n]+))?\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE
)
OPERATION = re.compile(r"^(query|mutation|subscription)\b|^{", re.MULTILINE)


def labelled(text: str, top: str) -> str:
    """A page whose code blocks have labels.

    Args:
        text: the page.
        top: the relative address of the site's root, seen from the page.
    """
    blocks = [*BLOCK.finditer(text)]
    for place in reversed(range(len(blocks))):
        block = blocks[place]
        caption = _caption(blocks[place:], top)
        if caption:
            head = f"```{{code-block}} {block['language']}\n:caption: {json.dumps(caption)}\n\n"
            text = f"{text[: block.start()]}{head}{block['code']}```{text[block.end() :]}"
    return text


def _caption(blocks: Sequence[re.Match[str]], top: str) -> str:
    language, part, code = blocks[0].groups()
    if language != "graphql":
        return part and (f"`{part}`" if "." in part else part.capitalize())
    operation = OPERATION.search(code)
    if operation is None:
        return "Fragment"
    address = escape(f"{top}../#{_asked(code, _variables(blocks[1:]))}")
    label = (operation[1] or "query").capitalize()
    return f'{label} <a class="open-in-graphiql" href="{address}">Open in GraphiQL</a>'


def _variables(following: Sequence[re.Match[str]]) -> str:
    for block in following:
        if block["language"] == "graphql":
            break
        if block["part"] == "variables":
            return block["code"]
    return ""


def _asked(query: str, variables: str) -> str:
    """The fragment of an address, so that no server sees or logs what it holds."""
    return urlencode({"query": query, "variables": variables}, quote_via=quote)
