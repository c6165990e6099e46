// Drives quic-go through the test cases of the QUIC interop runner.
//
//	quic-go server ADDRESS PORT CERT KEY WWW
//	quic-go client ADDRESS PORT CA DOWNLOADS URL...
//
// Environment: TESTCASE; ALPN (client only); SSLKEYLOGFILE and QLOGDIR as usual.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/qlog"
)

const (
	alpnHQ = "hq-interop"
	alpnH3 = "h3"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 6 {
		return fmt.Errorf("usage: server ADDRESS PORT CERT KEY WWW | client ADDRESS PORT CA DOWNLOADS URL...")
	}
	port, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	address := &net.UDPAddr{IP: net.ParseIP(args[1]), Port: port}
	testcase := os.Getenv("TESTCASE")
	if testcase == "chacha20" {
		onlyChaCha20()
	}
	switch args[0] {
	case "server":
		return serve(testcase, address, args[3], args[4], args[5])
	case "client":
		switch testcase {
		case "keyupdate":
			updateKeysEarly()
		case "versionnegotiation":
			beginWithUnknownVersion()
		}
		return download(testcase, address, args[3], args[4], args[5:])
	}
	return fmt.Errorf("unknown role %q", args[0])
}

// quicConfig has the limits of both roles. Handshakes must survive 30 % loss for a while.
func quicConfig() *quic.Config {
	return &quic.Config{
		HandshakeIdleTimeout: time.Minute,
		MaxIdleTimeout:       time.Minute,
		Allow0RTT:            true,
		Tracer:               qlog.DefaultConnectionTracer,
	}
}

// tlsConfig logs the secrets where SSLKEYLOGFILE says.
func tlsConfig() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS13}
	if path := os.Getenv("SSLKEYLOGFILE"); path != "" {
		file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, err
		}
		config.KeyLogWriter = io.Writer(file)
	}
	return config, nil
}

// describe prints what was negotiated, once the handshake is complete.
func describe(connection quic.Connection) {
	state := connection.ConnectionState()
	suite := tls.CipherSuiteName(state.TLS.CipherSuite)
	log.Printf("connected: version=%s suite=%s resumed=%t early=%t",
		state.Version, suite, state.TLS.DidResume, state.Used0RTT)
}
