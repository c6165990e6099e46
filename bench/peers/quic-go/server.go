package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

var zeros [65536]byte

// sizeOf reads the path: "/1k" is 1024 bytes, and so on with m and g.
func sizeOf(path string) (int64, bool) {
	name := strings.TrimPrefix(path, "/")
	shift := 0
	for i, unit := range []string{"k", "m", "g"} {
		if rest, found := strings.CutSuffix(name, unit); found {
			name, shift = rest, 10*(i+1)
		}
	}
	size, err := strconv.ParseInt(name, 10, 32)
	return size << shift, err == nil
}

func count(w http.ResponseWriter, r *http.Request) {
	received, _ := io.Copy(io.Discard, r.Body)
	fmt.Fprintf(w, "%d", received)
}

func answer(w http.ResponseWriter, r *http.Request) {
	left, ok := sizeOf(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(left, 10))
	for left > 0 {
		length := min(left, int64(len(zeros)))
		if _, err := w.Write(zeros[:length]); err != nil {
			return
		}
		left -= length
	}
}

// handler answers from memory, or as most programs in Go do: with net/http's FileServer.
func handler(folder string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/up", count)
	if folder == "" {
		mux.HandleFunc("/", answer)
	} else {
		mux.Handle("/", http.FileServer(http.Dir(folder)))
	}
	return mux
}

func serve(port, cert, key, folder string) error {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: number})
	if err != nil {
		return err
	}
	server := &http3.Server{
		Handler:    handler(folder),
		TLSConfig:  http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{pair}}),
		QUICConfig: &quic.Config{MaxIncomingStreams: 1000},
	}
	fmt.Println("listening")
	return server.Serve(socket)
}
