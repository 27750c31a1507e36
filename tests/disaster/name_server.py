"""A name server that is slow, silent or of another mind, on a socket that it is given."""

import socket
import struct
import threading

_HEADER = struct.Struct(">HHHHHH")
_ANSWER = struct.Struct(">HHHIH")


class NameServer:
    """Answers A questions with `table`, `delay` seconds late, or not at all while `silent`."""

    def __init__(self, own: socket.socket, table: dict[str, str]) -> None:
        self.table = table
        self.delay = 0.0
        self.silent = False
        self.asked = 0
        self._socket = own
        self._thread = threading.Thread(target=self._serve, name="name server", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                data, client = self._socket.recvfrom(512)
            except OSError:
                return
            self.asked += 1
            if not self.silent:
                late = threading.Timer(self.delay, self._answer, (data, client))
                late.daemon = True
                late.start()

    def _answer(self, data: bytes, client: tuple[str, int]) -> None:
        number = _HEADER.unpack_from(data)[0]
        labels, at = [], _HEADER.size
        while length := data[at]:
            labels.append(data[at + 1 : at + 1 + length].decode())
            at += 1 + length
        question = data[_HEADER.size : at + 5]
        is_a = question[-4:-2] == b"\0\1"
        address = self.table.get(".".join(labels)) if is_a else None
        known = ".".join(labels) in self.table
        flags = 0x8180 if known else 0x8183  # NXDOMAIN
        reply = _HEADER.pack(number, flags, 1, 1 if address else 0, 0, 0) + question
        if address:
            reply += _ANSWER.pack(0xC00C, 1, 1, 1, 4) + socket.inet_aton(address)
        try:
            self._socket.sendto(reply, client)
        except OSError:
            return

    def close(self) -> None:
        """Serve no more. The thread ends with the next question, or with the process."""
        self._socket.close()
