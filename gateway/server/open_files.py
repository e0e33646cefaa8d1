"""Raises the limit of open files, since each connection is one."""

import logging

try:
    import resource
except ImportError:  # no such limits, as on Windows
    resource = None  # type: ignore[assignment]

logger = logging.getLogger("gateway.server")

LEFT_FOR_OTHERS = 256
"""Files that connections leave for all else that a process opens; half of all, if that is less."""


def raise_limit() -> None:
    """Let this process, and those it starts, open as many files as the system allows."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def at_most(connections: int) -> int:
    """So many connections, or as many fewer as leave files for all else."""
    if resource is None:
        return connections
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = max(limit // 2, limit - LEFT_FOR_OTHERS)
    if limit == resource.RLIM_INFINITY or connections <= room:
        return connections
    logger.warning(
        "GATEWAY_MAX_CONNECTIONS is %d, and this process may open %d files: it takes %d "
        "connections. Raise the limit (`ulimit -n`), or lower the setting.",
        *(connections, limit, room),
    )
    return room
