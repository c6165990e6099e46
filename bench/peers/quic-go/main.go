// HTTP/3 server and load on quic-go:
//
//	quic-go server PORT CERT KEY [FOLDER]
//	quic-go load MODE --port PORT --path PATH --ca FILE [--seconds S] [--connections C] [--streams M]
//
// The modes and the line of JSON that is printed are those of the program on quinn.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) >= 4 && args[0] == "server" {
		folder := ""
		if len(args) == 5 {
			folder = args[4]
		}
		return serve(args[1], args[2], args[3], folder)
	}
	if len(args) >= 2 && args[0] == "load" {
		return load(args[1], args[2:])
	}
	return fmt.Errorf("usage: quic-go server PORT CERT KEY [FOLDER] | quic-go load MODE ...")
}
