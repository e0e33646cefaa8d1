"""Runs several processes behind one port, and replaces those that end."""

import logging
import os
import signal
import socket
import time
from contextlib import suppress

import uvicorn
from prometheus_client.multiprocess import mark_process_dead
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from gateway.server.server import Server
from gateway.server.signals import took_hangup

logger = logging.getLogger("gateway.server")


class Worker(Process):
    """One of them. To see whether it lives, nobody waits for its answer."""

    _asked_at: float | None = None

    @property
    def server(self) -> Server:
        """The server that it runs."""
        if self._server is None:
            self._server = Server(self.config)
        return self._server  # type: ignore[return-value]

    def is_alive(self, timeout: float = 5) -> bool:
        """Whether it runs, and answered the last question within so many seconds."""
        if not self.process.is_alive():
            return False
        now = time.monotonic()
        with suppress(OSError, EOFError):
            if self.parent_conn.poll():
                self.parent_conn.recv()
                self._asked_at = None
            if self._asked_at is None:
                self.parent_conn.send(b"ping")
                self._asked_at = now
        return self._asked_at is not None and now - self._asked_at < timeout


class Workers(Multiprocess):
    """Several processes that behave as one.

    SIGHUP has to be blocked here, and is then in those that are started, until they can obey it.
    """

    processes: list[Process]

    def __init__(self, config: uvicorn.Config, listening: socket.socket, metrics: str) -> None:
        super().__init__(config, [listening])
        self._metrics = metrics

    @property
    def failed(self) -> bool:
        """Whether a worker could not start, so that others would not either."""
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)

    def init_processes(self) -> None:
        """Start them."""
        self.processes += [self._started() for _ in range(self.processes_num)]

    def handle_signals(self) -> None:
        """Do what signals ask for."""
        if took_hangup():
            self.handle_hup()
        super().handle_signals()

    def handle_hup(self) -> None:
        """Pass SIGHUP on: each worker reads its viewers again, and none is restarted."""
        for process in self.processes:
            if process.pid is not None and process.exitcode is None:
                os.kill(process.pid, signal.SIGHUP)

    def handle_ttin(self) -> None:
        """Have one more."""
        self.processes_num += 1
        self.processes.append(self._started())

    def keep_subprocess_alive(self) -> None:
        """Put others in the place of those that died, which have nothing under way any more."""
        for place, process in enumerate(self.processes):
            if process.is_alive(self.config.timeout_worker_healthcheck):
                continue
            process.kill()
            process.join()
            if process.exitcode == STARTUP_FAILURE:
                self.should_exit.set()
                return
            logger.error("Worker %s died; another takes its place.", process.pid)
            mark_process_dead(process.pid, self._metrics)  # type: ignore[no-untyped-call]
            self.processes[place] = self._started()

    def terminate_all(self) -> None:
        """Have all leave; the port is theirs alone now, and free once they are gone."""
        super().terminate_all()
        for listening in self.sockets:
            listening.close()

    def _started(self) -> Worker:
        worker = Worker(self.config, self.sockets)
        worker.start()
        return worker
