"""Simulates Twilio's Insights API, over a world of calls generated from a seed.

```python
sandbox = Sandbox(calls=500, clock=lambda: 1_780_000_000)
transport = httpx.ASGITransport(app=sandbox.app)
auth = (sandbox.account_sid, sandbox.auth_token)
async with httpx.AsyncClient(transport=transport, base_url="http://twilio", auth=auth) as twilio:
    sid = sandbox.examples()["bad_carrier"]
    summary = (await twilio.get(f"/v1/Voice/{sid}/Summary")).json()
```

From the outside in: `journal` notes requests, `faults` spoils answers, `app` speaks HTTP, `query`,
`filters` and `paging` read what is asked, `summaries` keeps what is shown, `life` says how much of
it can be seen yet, `payloads` and its neighbours make it up, `world` and `stories` decide which
calls there are. Beside all that, `events` tells each new version of a summary, and `pushing` takes
it to a sink. It knows nothing of the gateway.
"""

from gateway.sandbox.faults import Fault
from gateway.sandbox.sandbox import Sandbox

__all__ = ["Fault", "Sandbox"]
