"""What both roles share: the configuration of a test case, and HTTP/0.9 beside HTTP/3."""

import os
from pathlib import Path

from aioquic.h0.connection import H0Connection
from aioquic.h3.connection import H3Connection
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.logger import QuicFileLogger
from aioquic.quic.packet import QuicProtocolVersion
from aioquic.tls import CipherSuite

HQ = "hq-interop"
H3 = "h3"
UNKNOWN_VERSION = 0x1A2A3A4A  # reserved to exercise version negotiation, RFC 9000 §15


def configuration(testcase: str, is_client: bool) -> QuicConfiguration:
    config = QuicConfiguration(is_client=is_client, idle_timeout=60.0)
    if keys := os.environ.get("SSLKEYLOGFILE"):
        config.secrets_log_file = open(keys, "a", buffering=1)
    if qlogs := os.environ.get("QLOGDIR"):
        config.quic_logger = QuicFileLogger(qlogs)
    if testcase == "chacha20":
        config.cipher_suites = [CipherSuite.CHACHA20_POLY1305_SHA256]
    if is_client:
        v1, v2 = QuicProtocolVersion.VERSION_1, QuicProtocolVersion.VERSION_2
        config.supported_versions = [v1]
        if testcase == "v2":
            config.original_version = v1
            config.supported_versions = [v2, v1]
        elif testcase == "versionnegotiation":
            config.supported_versions = [UNKNOWN_VERSION, v1]
    return config


def http_connection(quic, alpn: str):
    return H3Connection(quic) if alpn == H3 else H0Connection(quic)


def inside(folder: str, path: str) -> Path:
    """The file of a request, which cannot be outside `folder`."""
    root = Path(folder).resolve()
    file = (root / path.lstrip("/")).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        raise FileNotFoundError(path)
    return file
