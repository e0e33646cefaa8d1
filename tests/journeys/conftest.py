import pytest

from gateway.calls import polling


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polling in hundredths of the usual time, so that tests need not wait."""
    monkeypatch.setattr(polling, "OFTEN", 0.05)
    monkeypatch.setattr(polling, "SELDOM", 0.1)
