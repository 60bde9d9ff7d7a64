package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// A block holds up to so many rows, and ends before it holds more bytes than
// that, packed about 256 KiB; a row that is larger has one of its own.
const (
	blockRows  = 1000
	blockBytes = 1 << 20
)

// maxBlock bounds what a block may unpack to.
const maxBlock = 16 << 20

// Codec packs and unpacks blocks; any number of goroutines may share one.
type Codec struct{ w *zstd.Encoder }

// NewCodec makes a Codec.
func NewCodec() *Codec {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(codecWriters), zstd.WithWindowSize(blockBytes))
	if err != nil {
		panic(err) // the options are constants
	}
	return &Codec{w: w}
}

// codecWriters is how many blocks are packed at the same time.
const codecWriters = 2

// Pack turns rows or results into the bytes that are stored.
func Pack[T Row | Result](c *Codec, list []T) ([]byte, error) {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	for i := range list {
		if err := enc.Encode(&list[i]); err != nil {
			return nil, err
		}
	}
	return c.w.EncodeAll(plain.Bytes(), nil), nil
}

// Unpack is the reverse of Pack.
func Unpack[T Row | Result](packed []byte) ([]T, error) {
	r, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlock))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	dec := json.NewDecoder(r)
	dec.UseNumber()
	var list []T
	for {
		var one T
		switch err := dec.Decode(&one); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, fmt.Errorf("imports: unreadable block: %w", err)
		}
		list = append(list, one)
	}
}
