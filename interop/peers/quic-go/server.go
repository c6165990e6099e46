package main

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

func serve(testcase string, address *net.UDPAddr, cert, key, www string) error {
	config, err := tlsConfig()
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return err
	}
	config.Certificates = []tls.Certificate{pair}
	config.NextProtos = []string{alpnHQ, alpnH3}

	socket, err := net.ListenUDP("udp", address)
	if err != nil {
		return err
	}
	transport := &quic.Transport{
		Conn:                socket,
		VerifySourceAddress: func(net.Addr) bool { return testcase == "retry" },
	}
	listener, err := transport.ListenEarly(config, quicConfig())
	if err != nil {
		return err
	}
	log.Printf("listening on %s", address)
	h3 := &http3.Server{Handler: http.FileServer(http.Dir(www))}
	for {
		connection, err := listener.Accept(context.Background())
		if err != nil {
			return err
		}
		go func() {
			go func() {
				<-connection.HandshakeComplete()
				describe(connection)
			}()
			if connection.ConnectionState().TLS.NegotiatedProtocol == alpnH3 {
				err = h3.ServeQUICConn(connection)
			} else {
				err = serveHQ(connection, www)
			}
			log.Printf("%s: %v", connection.RemoteAddr(), err)
		}()
	}
}

func serveHQ(connection quic.Connection, www string) error {
	for {
		stream, err := connection.AcceptStream(context.Background())
		if err != nil {
			return err
		}
		go func() {
			if err := answerHQ(stream, www); err != nil {
				log.Printf("stream %d: %v", stream.StreamID(), err)
				stream.CancelRead(1)
				stream.CancelWrite(1)
			}
		}()
	}
}

func answerHQ(stream quic.Stream, www string) error {
	request, err := io.ReadAll(io.LimitReader(stream, 8192))
	if err != nil {
		return err
	}
	name := strings.TrimPrefix(strings.TrimSpace(string(request)), "GET ")
	// Clean of a rooted path cannot leave the root.
	file, err := os.Open(filepath.Join(www, path.Clean("/"+name)))
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.Copy(stream, file); err != nil {
		return err
	}
	return stream.Close()
}
