package parse

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
)

const (
	bufferSize = 64 << 10
	// gzipLayers is how often a file may be packed: a .gz file sent with
	// Content-Encoding: gzip is packed twice.
	gzipLayers = 2
	// ratioFrom is how much must have come out before the ratio counts: small
	// files of equal rows shrink beyond any measure.
	ratioFrom = 4 << 20
)

var gzipMagic = []byte{0x1f, 0x8b}

// unpacked reads through whatever gzip layers r has; no text begins as gzip
// does, so nobody needs to announce them.
func unpacked(r io.Reader, o Options) (*bufio.Reader, error) {
	buffered := bufio.NewReaderSize(r, bufferSize)
	for range gzipLayers {
		if magic, _ := buffered.Peek(len(gzipMagic)); !bytes.Equal(magic, gzipMagic) {
			return buffered, nil
		}
		packed := &counter{r: buffered}
		inflated, err := gzip.NewReader(packed)
		if err != nil {
			return nil, readError(err, 0)
		}
		buffered = bufio.NewReaderSize(&guard{r: inflated, packed: packed, ratio: o.MaxRatio, max: o.MaxBytes}, bufferSize)
	}
	return buffered, nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// guard ends a stream that grows out of all proportion when it is unpacked.
type guard struct {
	r      io.Reader
	packed *counter
	n      int64
	ratio  int64
	max    int64
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.n += int64(n)
	switch {
	case g.n > g.max:
		return 0, fail(CodeGzipBomb, 0, "The unpacked file is larger than is allowed.")
	case g.n > ratioFrom && g.n/g.ratio > g.packed.n:
		return 0, fail(CodeGzipBomb, 0, "The file is packed more tightly than contacts can be.")
	}
	return n, err
}
