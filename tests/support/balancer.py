"""One address before several servers, as a Service of Kubernetes is: each connection goes to the next that takes it."""

import socket
import threading
from contextlib import suppress

_CHUNK = 1 << 16


class Balancer:
    """Listens at once; a server that takes no connection is passed over."""

    def __init__(self, port: int, behind: list[int]) -> None:
        """`behind`: the ports of the servers."""
        self.behind, self._turn = behind, 0
        self._listening = socket.create_server(("127.0.0.1", port), backlog=256)
        threading.Thread(target=self._accept, name="balancer", daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        self._listening.shutdown(socket.SHUT_RDWR)  # else whoever waits for a connection keeps the port
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        for _ in self.behind:
            self._turn += 1
            try:
                server = socket.create_connection(("127.0.0.1", self.behind[self._turn % len(self.behind)]), 2)
            except OSError:
                continue
            server.settimeout(None)
            threading.Thread(target=_pipe, args=(client, server), daemon=True).start()
            _pipe(server, client)
            return
        client.close()


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(_CHUNK):
            sink.sendall(chunk)
    except OSError:
        pass  # one of both was killed
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)  # else the other thread, which waits for it, keeps it open
        one.close()
