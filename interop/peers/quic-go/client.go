package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

type client struct {
	address   *net.UDPAddr
	tls       *tls.Config
	downloads string
	tickets   *ticketCache
}

func download(testcase string, address *net.UDPAddr, ca, downloads string, urls []string) error {
	config, err := tlsConfig()
	if err != nil {
		return err
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return err
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s holds no certificate", ca)
	}
	first, err := url.Parse(urls[0])
	if err != nil {
		return err
	}
	config.ServerName = first.Hostname()
	config.NextProtos = []string{os.Getenv("ALPN")}
	tickets := &ticketCache{tls.NewLRUClientSessionCache(10), make(chan struct{}, 10)}
	c := &client{address, config, downloads, tickets}

	switch testcase {
	case "multiconnect":
		for _, u := range urls {
			if err := c.connection([]string{u}, false); err != nil {
				return err
			}
		}
		return nil
	case "resumption", "zerortt":
		config.ClientSessionCache = tickets
		if err := c.connection(urls[:1], false); err != nil {
			return err
		}
		return c.connection(urls[1:], testcase == "zerortt")
	}
	return c.connection(urls, false)
}

// connection fetches all urls at the same time on a new connection; early: with 0-RTT.
func (c *client) connection(urls []string, early bool) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	socket, err := net.ListenUDP("udp", nil)
	if err != nil {
		return err
	}
	defer socket.Close()
	transport := &quic.Transport{Conn: socket}
	defer transport.Close()

	var connection quic.Connection
	if early {
		connection, err = transport.DialEarly(ctx, c.address, c.tls, quicConfig())
	} else {
		connection, err = transport.Dial(ctx, c.address, c.tls, quicConfig())
	}
	if err != nil {
		return err
	}
	get := func(u *url.URL, to io.Writer) error { return getHQ(ctx, connection, u, to) }
	code := quic.ApplicationErrorCode(0)
	if c.tls.NextProtos[0] == alpnH3 {
		h3 := (&http3.Transport{DisableCompression: true}).NewClientConn(connection)
		get = func(u *url.URL, to io.Writer) error { return getH3(h3, u, early, to) }
		code = quic.ApplicationErrorCode(http3.ErrCodeNoError)
	}

	results := make(chan error)
	for _, u := range urls {
		go func() { results <- c.file(u, get) }()
	}
	var failures []error
	for range urls {
		if err := <-results; err != nil {
			failures = append(failures, err)
		}
	}
	if c.tls.ClientSessionCache != nil && !early {
		c.tickets.wait()
	}
	describe(connection)
	connection.CloseWithError(code, "")
	return errors.Join(failures...)
}

func (c *client) file(address string, get func(*url.URL, io.Writer) error) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(c.downloads, path.Base(u.Path)))
	if err != nil {
		return err
	}
	if err := get(u, file); err != nil {
		file.Close()
		return fmt.Errorf("%s: %w", address, err)
	}
	return file.Close()
}

func getHQ(ctx context.Context, connection quic.Connection, u *url.URL, to io.Writer) error {
	stream, err := connection.OpenStreamSync(ctx)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(stream, "GET "+u.Path+"\r\n"); err != nil {
		return err
	}
	if err := stream.Close(); err != nil {
		return err
	}
	_, err = io.Copy(to, stream)
	return err
}

func getH3(h3 *http3.ClientConn, u *url.URL, early bool, to io.Writer) error {
	method := http.MethodGet
	if early {
		method = http3.MethodGet0RTT
	}
	response, err := h3.RoundTrip(&http.Request{Method: method, URL: u, Host: u.Host, Header: http.Header{}})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	_, err = io.Copy(to, response.Body)
	return err
}

// ticketCache tells when a session ticket has come.
type ticketCache struct {
	tls.ClientSessionCache
	came chan struct{}
}

func (t *ticketCache) Put(key string, session *tls.ClientSessionState) {
	t.ClientSessionCache.Put(key, session)
	select {
	case t.came <- struct{}{}:
	default:
	}
}

func (t *ticketCache) wait() {
	select {
	case <-t.came:
	case <-time.After(5 * time.Second):
	}
}
