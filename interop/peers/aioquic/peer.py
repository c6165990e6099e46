"""Drives aioquic through the test cases of the QUIC interop runner.

    peer.py server ADDRESS PORT CERT KEY WWW
    peer.py client ADDRESS PORT CA DOWNLOADS URL...

Environment: TESTCASE; ALPN (client only); SSLKEYLOGFILE and QLOGDIR.
"""

import asyncio
import sys

role, *arguments = sys.argv[1:]
if role == "server":
    from server import main
else:
    from client import main
asyncio.run(main(*arguments))
