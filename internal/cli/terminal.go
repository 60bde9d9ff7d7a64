package cli

import (
	"os"

	"golang.org/x/term"
)

// Terminal is the process's own streams.
func Terminal() Streams {
	s := Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	fd := int(os.Stderr.Fd())
	if s.Terminal = term.IsTerminal(fd); s.Terminal {
		s.Width, _, _ = term.GetSize(fd)
	}
	return s
}
