"""Reads the Voice Insights settings of an account or subaccount at Twilio, and never writes."""

from gateway.calls.dependencies import Dependencies
from gateway.concurrency.singleflight import SingleFlight
from gateway.config.viewers import Realm
from gateway.insights.voice_settings import VoiceSettings
from gateway.lru import LruCache

KEPT = 60.0
"""Seconds for which settings are an answer: an operator who switches something on will look."""

_BYTES, _EACH = 2**20, 1000


class AccountSettings:
    """Settings by account; asked for once, however many ask at the same time."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._flights = SingleFlight[VoiceSettings]()
        self._kept = LruCache(_BYTES)

    async def of(self, realm: Realm, sid: str) -> VoiceSettings:
        """The settings of an account of a realm. Raises BadUserInput and UpstreamError."""
        key = realm.account.sid, sid
        cached = self._kept.get(key)
        if cached is not None and self._dependencies.clock() < cached[1]:
            settings: VoiceSettings = cached[0]
            return settings
        return await self._flights.do(key, lambda: self._fetched(realm, sid))

    async def _fetched(self, realm: Realm, sid: str) -> VoiceSettings:
        settings = await self._dependencies.client.settings(realm.account, sid)
        until = self._dependencies.clock() + KEPT
        self._kept.keep((realm.account.sid, sid), (settings, until), _EACH)
        return settings
