"""HTTP/3 server on aioquic: server.py PORT CERT KEY.

GET /1k, /64m, /1g: that many bytes of zeros. POST /up: how many bytes came.
"""

import asyncio
import re
import sys

from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated, StreamDataReceived

CHUNK = 256 * 1024
ZEROS = bytes(CHUNK)
SHIFT = {"": 0, "k": 10, "m": 20, "g": 30}


class Protocol(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = None
        self.uploads = {}  # stream ID: bytes received
        self.downloads = {}  # stream ID: bytes left to send

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
        if self.http is None:
            return
        for http_event in self.http.handle_event(event):
            if isinstance(http_event, HeadersReceived):
                self.request(http_event)
            elif isinstance(http_event, DataReceived) and http_event.stream_id in self.uploads:
                self.uploads[http_event.stream_id] += len(http_event.data)
        # The end is the stream's: aioquic does not tell it after an unknown frame.
        if isinstance(event, StreamDataReceived) and event.end_stream:
            received = self.uploads.pop(event.stream_id, None)
            if received is not None:
                self.respond(event.stream_id, str(received).encode())

    def datagram_received(self, data, addr):
        super().datagram_received(data, addr)
        if self.downloads:
            self.pump()
            self.transmit()

    def request(self, event):
        path = dict(event.headers)[b":path"].decode()
        if path == "/up":
            self.uploads[event.stream_id] = 0
            return
        match = re.fullmatch(r"/(\d+)([kmg]?)", path)
        if match is None:
            self.http.send_headers(event.stream_id, [(b":status", b"404")], end_stream=True)
            return
        size = int(match[1]) << SHIFT[match[2]]
        if size <= CHUNK:
            self.respond(event.stream_id, ZEROS[:size])
            return
        self.send_head(event.stream_id, size)
        self.downloads[event.stream_id] = size
        self.pump()

    def send_head(self, stream_id, size):
        head = [(b":status", b"200"), (b"content-length", str(size).encode())]
        self.http.send_headers(stream_id, head)

    def respond(self, stream_id, body):
        self.send_head(stream_id, len(body))
        self.http.send_data(stream_id, body, end_stream=True)
        self.transmit()

    def pump(self):
        """aioquic buffers without limit: keeps about two chunks waiting in each stream."""
        for stream_id, left in list(self.downloads.items()):
            stream = self._quic._streams.get(stream_id)
            if stream is None or stream.sender._reset_error_code is not None:
                del self.downloads[stream_id]
                continue
            if stream.sender._buffer_stop - stream.sender._buffer_start > 2 * CHUNK:
                continue
            length = min(CHUNK, left)
            left -= length
            self.http.send_data(stream_id, ZEROS[:length], end_stream=left == 0)
            if left == 0:
                del self.downloads[stream_id]
            else:
                self.downloads[stream_id] = left


async def main():
    port, cert, key = sys.argv[1:]
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
    configuration.load_cert_chain(cert, key)
    await serve("127.0.0.1", int(port), configuration=configuration, create_protocol=Protocol)
    print("listening", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
