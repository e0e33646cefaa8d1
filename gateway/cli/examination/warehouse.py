"""Opens the warehouse as the gateway does, and runs a query."""

from gateway.cli.examination.finding import Finding
from gateway.cli.start_lines import place
from gateway.config.settings import Settings
from gateway.errors import GatewayError
from gateway.warehouse.engine import Statement
from gateway.warehouse.failures import reason_of
from gateway.warehouse.opening import open_engine

_OWNED = "is open in process"


async def examine_warehouse(settings: Settings, url: str) -> Finding:
    """See whether it opens, and answers; a folder that a gateway has open does."""
    password = settings.gateway_warehouse_password
    message = f"{place(url)}, for {settings.gateway_warehouse_days} days, encrypted"
    try:
        engine = await open_engine(url, "" if password is None else password.reveal())
        try:
            await engine.query(Statement("SELECT 1"))
        finally:
            await engine.close()
    except GatewayError as error:
        if _OWNED in str(error):
            return Finding("Warehouse", "fine", f"{message}; a gateway has it open")
        problem = f"{place(url)}: {reason_of(error)}"
        return Finding(
            "Warehouse",
            "wrong",
            f"{problem}: see whether GATEWAY_WAREHOUSE_URL is a folder that can be written to, or "
            "a ClickHouse server that is reachable from here with GATEWAY_WAREHOUSE_PASSWORD.",
        )
    return Finding("Warehouse", "fine", message)
