"""Serves the application with gunicorn: one process with threads, or several on PostgreSQL."""

import socket
from threading import Event as Signal
from threading import Thread
from typing import Any

from gunicorn.app.base import BaseApplication

from app import create_app, house, observe, worker
from app.delivering import calling
from app.unit import Exchange
from config.settings import Settings

TRIES = 50
"""Ports that are tried, one after the other, when the asked one is taken."""


class Server(BaseApplication):
    """gunicorn, told what to do by our settings instead of a file."""

    def __init__(self, settings: Settings, bind: str, processes: int) -> None:
        self._settings = settings
        self._bind = bind
        self._processes = processes
        self._app: Exchange | None = None
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings to gunicorn."""
        options = {
            "bind": self._bind,
            "workers": self._processes,
            "worker_class": "gthread",
            "threads": self._settings.threads,
            "timeout": 120,
            "keepalive": 75,
            "graceful_timeout": 10,
            "loglevel": "warning",
            "control_socket_disable": True,
            "worker_exit": self._left,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Exchange:
        """Build the application in the serving process, and its worker beside it."""
        observe.configure_logs(level=self._settings.log_level)
        app = create_app(self._settings)
        house.leave_be()
        if self._settings.worker:
            start_worker(app)
        self._app = app
        return app

    def _left(self, _arbiter: Any, _process: Any) -> None:
        """Give back, in a serving process that ends, what it held in advance."""
        if self._app is not None:
            calling.close(self._app.house)


def start_worker(app: Exchange) -> Signal:
    """Run errands, the timetable and uploads beside this process; returns their stop signal."""
    stop = Signal()
    Thread(target=worker.run_all, args=(app.house, stop), name="worker", daemon=True).start()
    return stop


def run(settings: Settings, *, host: str, port: int, processes: int = 1) -> None:
    """Serve until told to stop. Several processes need PostgreSQL. Raises ValueError."""
    if processes > 1 and settings.database_url.startswith("sqlite"):
        raise ValueError("SQLite is served by one process; set DATABASE_URL to a PostgreSQL")
    Server(settings, f"{host}:{port}", processes).run()


def free_port(host: str, wanted: int) -> int:
    """Return `wanted`, or the next port after it on which nobody listens; 0 asks for any."""
    for port in range(wanted, wanted + TRIES if wanted else 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            bound: tuple[Any, int] = probe.getsockname()
            return bound[1]
    raise OSError(f"no free port from {wanted} to {wanted + TRIES - 1}")
