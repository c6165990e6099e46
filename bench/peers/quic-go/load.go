package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

const (
	grace = 30 * time.Second
	// Handshakes under way at a time while many connections are opened.
	opening = 16
)

type loader struct {
	port, connections, streams int
	path                       string
	duration                   time.Duration
	tls                        *tls.Config

	mutex      sync.Mutex
	start      time.Time
	elapsed    time.Duration
	bytes      int64
	errors     int
	firstError string
	latencies  []int64 // microseconds
}

func load(mode string, args []string) error {
	l := &loader{}
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.IntVar(&l.port, "port", 0, "")
	flags.StringVar(&l.path, "path", "/1k", "")
	flags.IntVar(&l.connections, "connections", 1, "")
	flags.IntVar(&l.streams, "streams", 1, "")
	ca := flags.String("ca", "", "")
	seconds := flags.Float64("seconds", 3, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l.duration = time.Duration(*seconds * float64(time.Second))
	pem, err := os.ReadFile(*ca)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	l.tls = &tls.Config{
		RootCAs:          roots,
		ServerName:       "localhost",
		NextProtos:       []string{http3.NextProtoH3},
		CurvePreferences: []tls.CurveID{tls.X25519},
	}
	l.start = time.Now()
	switch mode {
	case "bulk":
		err = l.bulk()
	case "upload":
		err = l.upload()
	case "requests":
		err = l.requests()
	case "handshakes":
		l.handshakes()
	case "idle":
		err = l.idle()
	default:
		err = fmt.Errorf("unknown mode %q", mode)
	}
	if err != nil {
		return err
	}
	return l.report()
}

// client is one connection, with a socket of its own.
type client struct {
	url        string
	socket     *net.UDPConn
	transport  *quic.Transport
	connection quic.Connection
	http       *http3.ClientConn
}

func (l *loader) open(ctx context.Context) (*client, error) {
	loopback := net.IPv4(127, 0, 0, 1)
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: loopback})
	if err != nil {
		return nil, err
	}
	transport := &quic.Transport{Conn: socket}
	server := &net.UDPAddr{IP: loopback, Port: l.port}
	connection, err := transport.Dial(ctx, server, l.tls, &quic.Config{})
	if err != nil {
		transport.Close()
		socket.Close()
		return nil, err
	}
	h3 := (&http3.Transport{DisableCompression: true}).NewClientConn(connection)
	url := fmt.Sprintf("https://localhost:%d%s", l.port, l.path)
	return &client{url, socket, transport, connection, h3}, nil
}

func (c *client) close() {
	c.connection.CloseWithError(0x100, "")
	c.transport.Close()
	c.socket.Close()
}

// get reads the answer until it ends or the context does.
func (l *loader) get(ctx context.Context, c *client, buffer []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return err
	}
	response, err := c.http.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	for {
		count, err := response.Body.Read(buffer)
		l.addBytes(int64(count))
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (l *loader) bulk() error {
	c, err := l.open(context.Background())
	if err != nil {
		return err
	}
	defer c.close()
	l.start = time.Now()
	start := l.start
	ctx, cancel := context.WithTimeout(context.Background(), l.duration)
	defer cancel()
	buffer := make([]byte, 256<<10)
	for ctx.Err() == nil {
		err := l.get(ctx, c, buffer)
		if err == nil {
			l.done(start)
		} else if ctx.Err() == nil {
			l.fail(err)
			break
		}
	}
	return nil
}

// endless is a body of zeros that lasts until `end`.
type endless struct {
	end  time.Time
	sent int64
}

func (b *endless) Read(p []byte) (int, error) {
	if time.Now().After(b.end) {
		return 0, io.EOF
	}
	b.sent += int64(len(p))
	return len(p), nil
}

func (l *loader) upload() error {
	c, err := l.open(context.Background())
	if err != nil {
		return err
	}
	defer c.close()
	l.start = time.Now()
	start := l.start
	body := &endless{end: start.Add(l.duration)}
	ctx, cancel := context.WithDeadline(context.Background(), body.end.Add(grace))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, io.NopCloser(body))
	if err != nil {
		return err
	}
	response, err := c.http.RoundTrip(request)
	if err != nil {
		l.fail(err)
		return nil
	}
	answer, err := io.ReadAll(response.Body)
	l.addBytes(body.sent)
	if err != nil || response.StatusCode != http.StatusOK || string(answer) != fmt.Sprint(body.sent) {
		l.fail(fmt.Errorf("sent %d bytes, the answer is %d %.99s %v", body.sent, response.StatusCode, answer, err))
		return nil
	}
	l.done(start)
	return nil
}

func (l *loader) openAll() []*client {
	var clients []*client
	var group sync.WaitGroup
	permits := make(chan struct{}, opening)
	for range l.connections {
		group.Add(1)
		permits <- struct{}{}
		go func() {
			defer group.Done()
			c, err := l.open(context.Background())
			<-permits
			if err != nil {
				l.fail(err)
				return
			}
			l.mutex.Lock()
			clients = append(clients, c)
			l.mutex.Unlock()
		}()
	}
	group.Wait()
	return clients
}

func (l *loader) requests() error {
	clients := l.openAll()
	l.start = time.Now()
	end := l.start.Add(l.duration)
	ctx, cancel := context.WithDeadline(context.Background(), end.Add(grace))
	defer cancel()
	var group sync.WaitGroup
	for _, c := range clients {
		for range l.streams {
			group.Add(1)
			go func() {
				defer group.Done()
				buffer := make([]byte, 16<<10)
				for time.Now().Before(end) {
					since := time.Now()
					if err := l.get(ctx, c, buffer); err != nil {
						l.fail(err)
						return
					}
					l.done(since)
				}
			}()
		}
	}
	group.Wait()
	for _, c := range clients {
		c.close()
	}
	return nil
}

func (l *loader) handshakes() {
	end := l.start.Add(l.duration)
	var group sync.WaitGroup
	for range l.connections {
		group.Add(1)
		go func() {
			defer group.Done()
			buffer := make([]byte, 16<<10)
			for time.Now().Before(end) {
				since := time.Now()
				ctx, cancel := context.WithDeadline(context.Background(), end.Add(grace))
				c, err := l.open(ctx)
				if err == nil {
					err = l.get(ctx, c, buffer)
					c.close()
				}
				cancel()
				if err != nil {
					l.fail(err)
				} else {
					l.done(since)
				}
			}
		}()
	}
	group.Wait()
}

func (l *loader) idle() error {
	clients := l.openAll()
	buffer := make([]byte, 16<<10)
	for _, c := range clients {
		since := time.Now()
		if err := l.get(context.Background(), c, buffer); err != nil {
			l.fail(err)
			continue
		}
		l.done(since)
	}
	fmt.Printf("{\"held\":%d}\n", len(clients))
	time.Sleep(l.duration)
	for _, c := range clients {
		c.close()
	}
	return nil
}

func (l *loader) addBytes(count int64) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.bytes += count
	l.elapsed = time.Since(l.start)
}

// done notes a request or handshake that began at `since`.
func (l *loader) done(since time.Time) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.latencies = append(l.latencies, time.Since(since).Microseconds())
	l.elapsed = time.Since(l.start)
}

func (l *loader) fail(err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.errors++
	if l.firstError == "" {
		l.firstError = err.Error()
	}
}

func (l *loader) report() error {
	slices.Sort(l.latencies)
	at := func(p float64) int64 {
		if len(l.latencies) == 0 {
			return 0
		}
		return l.latencies[int(float64(len(l.latencies))*p)]
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"seconds": l.elapsed.Seconds(),
		"bytes":   l.bytes,
		"count":   len(l.latencies),
		"errors":  l.errors,
		"error":   l.firstError,
		"p50":     at(0.5),
		"p99":     at(0.99),
		"cpu":     float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9,
	})
}
