"""aioquic as a client: downloads, as the test case wants its connections."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.events import ConnectionTerminated, StreamDataReceived, StreamReset
from aioquic.quic.packet import QuicProtocolVersion

from common import configuration, http_connection

TESTCASE = os.environ.get("TESTCASE", "")
ALPN = os.environ["ALPN"]


class Download:
    """One file on its way: written as it comes, finished when the stream ends."""

    def __init__(self, target: Path):
        self.file = open(target, "wb")
        self.left = None  # bytes that content-length still promises
        self.done = asyncio.get_running_loop().create_future()

    def headers(self, headers) -> None:
        fields = dict(headers)
        if fields.get(b":status", b"200") != b"200":
            self.fail(f"status {fields[b':status'].decode()}")
        if b"content-length" in fields:
            self.left = int(fields[b"content-length"])

    def data(self, data: bytes) -> None:
        self.file.write(data)
        if self.left is not None:
            self.left -= len(data)

    def end(self) -> None:
        self.file.close()
        if self.left not in (None, 0):
            self.fail(f"{self.left} bytes are missing")
        elif not self.done.done():
            self.done.set_result(None)

    def fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError(why))


class Client(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = http_connection(self._quic, ALPN)
        self.downloads: dict[int, Download] = {}

    async def get(self, url: str, folder: str) -> None:
        parts = urlsplit(url)
        stream = self._quic.get_next_available_stream_id()
        download = self.downloads[stream] = Download(Path(folder) / Path(parts.path).name)
        headers = [
            (b":method", b"GET"),
            (b":scheme", b"https"),
            (b":authority", parts.netloc.encode()),
            (b":path", parts.path.encode()),
        ]
        self.http.send_headers(stream, headers, end_stream=True)
        self._transmit_soon()
        await download.done

    def quic_event_received(self, event) -> None:
        if isinstance(event, ConnectionTerminated):
            for download in self.downloads.values():
                download.fail(f"closed: {event.error_code:#x} {event.reason_phrase}")
        if isinstance(event, StreamReset) and event.stream_id in self.downloads:
            self.downloads[event.stream_id].fail(f"reset: {event.error_code:#x}")
        for http_event in self.http.handle_event(event):
            download = self.downloads.get(getattr(http_event, "stream_id", None))
            if download is None:
                continue
            if isinstance(http_event, HeadersReceived):
                download.headers(http_event.headers)
            elif isinstance(http_event, DataReceived):
                download.data(http_event.data)
        # The end comes from QUIC: HTTP/3 events do not tell it when the last frame is unknown.
        if isinstance(event, StreamDataReceived) and event.end_stream:
            if event.stream_id in self.downloads:
                self.downloads[event.stream_id].end()


@dataclass
class Session:
    address: str
    port: int
    ca: str
    folder: str
    ticket = None

    async def run(self, urls: list[str], want_ticket=False, early=False) -> None:
        """Fetches all urls at the same time on a new connection; early: before it is up."""
        config = configuration(TESTCASE, is_client=True)
        config.alpn_protocols = [ALPN]
        config.server_name = urlsplit(urls[0]).hostname
        config.load_verify_locations(self.ca)
        config.session_ticket = self.ticket
        came = asyncio.Event()

        def keep(ticket) -> None:
            self.ticket = ticket
            came.set()

        async with connect(
            self.address,
            self.port,
            configuration=config,
            create_protocol=Client,
            session_ticket_handler=keep,
            wait_connected=not early,
        ) as client:
            if TESTCASE == "v2" and client._quic._version != QuicProtocolVersion.VERSION_2:
                raise ConnectionError("the server did not choose version 2")
            if TESTCASE == "keyupdate":
                # A ping that is acknowledged leaves no doubt that the handshake is confirmed.
                await client.ping()
                client.request_key_update()
            await asyncio.gather(*(client.get(url, self.folder) for url in urls))
            if want_ticket:
                await asyncio.wait_for(came.wait(), 5)


async def main(address: str, port: str, ca: str, folder: str, *urls: str) -> None:
    session = Session(address, int(port), ca, folder)
    if TESTCASE == "multiconnect":
        for url in urls:
            await session.run([url])
    elif TESTCASE in ("resumption", "zerortt"):
        await session.run(urls[:1], want_ticket=True)
        await session.run(urls[1:], early=TESTCASE == "zerortt")
    else:
        await session.run(urls)
