"""aioquic as a server: files of a folder over both protocols."""

import asyncio
import os
import signal

from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.events import HeadersReceived
from aioquic.quic.events import HandshakeCompleted, ProtocolNegotiated

from common import H3, HQ, configuration, http_connection, inside


class FileServer(QuicConnectionProtocol):
    www = ""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = None

    def quic_event_received(self, event) -> None:
        if isinstance(event, ProtocolNegotiated):
            self.http = http_connection(self._quic, event.alpn_protocol)
        if isinstance(event, HandshakeCompleted):
            print(f"connected: version={self._quic._version:#x}", flush=True)
        if self.http is not None:
            for http_event in self.http.handle_event(event):
                if isinstance(http_event, HeadersReceived):
                    self.answer(http_event)

    def answer(self, request: HeadersReceived) -> None:
        stream, path = request.stream_id, dict(request.headers)[b":path"].decode()
        try:
            body = inside(self.www, path).read_bytes()
        except OSError:
            self.http.send_headers(stream, [(b":status", b"404")])
            self.http.send_data(stream, b"", True)
        else:
            length = str(len(body)).encode()
            headers = [(b":status", b"200"), (b"content-length", length)]
            headers.append((b"content-type", b"application/octet-stream"))
            self.http.send_headers(stream, headers)
            self.http.send_data(stream, body, True)
        self.transmit()


class Tickets(dict):
    """Session tickets that were issued, by their name."""

    def add(self, ticket) -> None:
        self[ticket.ticket] = ticket


async def main(address: str, port: str, cert: str, key: str, www: str) -> None:
    testcase = os.environ.get("TESTCASE", "")
    config = configuration(testcase, is_client=False)
    config.alpn_protocols = [HQ, H3]
    config.load_cert_chain(cert, key)
    FileServer.www = www
    tickets = Tickets()
    await serve(
        address,
        int(port),
        configuration=config,
        create_protocol=FileServer,
        session_ticket_fetcher=tickets.pop,
        session_ticket_handler=tickets.add,
        retry=testcase == "retry",
    )
    print("listening", flush=True)
    # qlogs are written when their connections end, those of the others now.
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    if config.quic_logger is not None:
        for trace in list(config.quic_logger._traces):
            config.quic_logger.end_trace(trace)
