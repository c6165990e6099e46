package main

import (
	"crypto/tls"
	_ "unsafe" // for go:linkname

	"github.com/quic-go/quic-go"
)

// What crypto/tls and quic-go keep to themselves. The standard library leaves these two names open
// to linkname because quic-go's own tests need them.

//go:linkname defaultCipherSuites crypto/tls.defaultCipherSuitesTLS13
var defaultCipherSuites []uint16

//go:linkname defaultCipherSuitesNoAES crypto/tls.defaultCipherSuitesTLS13NoAES
var defaultCipherSuitesNoAES []uint16

//go:linkname supportedVersions github.com/quic-go/quic-go/internal/protocol.SupportedVersions
var supportedVersions []quic.Version

//go:linkname firstKeyUpdateInterval github.com/quic-go/quic-go/internal/handshake.FirstKeyUpdateInterval
var firstKeyUpdateInterval uint64

// updateKeysEarly makes this side begin the first key update, before a quic-go on the other side does.
func updateKeysEarly() {
	firstKeyUpdateInterval = 20
}

func onlyChaCha20() {
	defaultCipherSuites = []uint16{tls.TLS_CHACHA20_POLY1305_SHA256}
	defaultCipherSuitesNoAES = defaultCipherSuites
}

// beginWithUnknownVersion makes the client send its first Initial packet with a reserved version
// (RFC 9000 §15) and take version 1 from the Version Negotiation packet.
func beginWithUnknownVersion() {
	supportedVersions = []quic.Version{0x1a2a3a4a, quic.Version1}
}
