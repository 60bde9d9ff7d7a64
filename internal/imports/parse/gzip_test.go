package parse

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func packed(t testing.TB, r io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.Copy(w, r); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestGzip: a packed file is the file, whether anybody says that it is packed
// or not, and if it is packed twice.
func TestGzip(t *testing.T) {
	t.Parallel()
	file := packed(t, strings.NewReader("name;email\nAda;ada@example.com\n"))
	for range 2 {
		rows, err := read(csvMedia, string(file), Options{})
		if err != nil || len(rows) != 1 || rows[0].Input.Name != "Ada" {
			t.Errorf("%+v, %v", rows, err)
		}
		file = packed(t, bytes.NewReader(file))
	}
	if code, _ := codeOf(func() error { _, err := read(csvMedia, string(file), Options{}); return err }()); code != CodeNotText {
		t.Errorf("packed thrice: %s", code)
	}
}

func TestBrokenGzip(t *testing.T) {
	t.Parallel()
	whole := packed(t, generated("", 2_000, func(i int) string { return fmt.Sprintf("{\"name\":\"A%d\"}\n", i*i) }, ""))
	damaged := bytes.Clone(whole)
	damaged[len(damaged)/2] ^= 0xff
	wrongSum := bytes.Clone(whole)
	wrongSum[len(wrongSum)-8] ^= 0xff
	for name, c := range map[string]struct {
		file []byte
		code string
	}{
		"header alone": {whole[:6], CodeTruncated},
		"no header":    {append([]byte{0x1f, 0x8b}, "\x07nonsense in the header"...), CodeMalformedGzip},
		"cut off":      {whole[:len(whole)/2], CodeTruncated},
		"damaged":      {damaged, CodeMalformedGzip},
		"wrong sum":    {wrongSum, CodeMalformedGzip},
	} {
		if _, err := read(ndjsonMedia, string(c.file), Options{}); !is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func is(err error, code string) bool {
	var own *Error
	return errors.As(err, &own) && own.Code == code
}

// TestGzipBombs: what is packed beyond all measure is refused before it is
// unpacked, as is what is too large; a large file of plausible rows is not.
func TestGzipBombs(t *testing.T) {
	t.Parallel()
	zeros := packed(t, io.LimitReader(blanks{}, 5<<20))
	random := rand.New(rand.NewPCG(1, 2))
	long := make([]byte, 8<<10)
	for i := range long {
		long[i] = 'a' + byte(random.IntN(26))
	}
	honest := packed(t, generated("", 700, func(i int) string {
		return fmt.Sprintf("{\"name\":\"A%d\",\"description\":%q}\n", i*i, long)
	}, ""))
	for name, c := range map[string]struct {
		file    []byte
		options Options
		code    string
	}{
		"blanks":            {zeros, Options{}, CodeGzipBomb},
		"blanks, twice":     {packed(t, bytes.NewReader(zeros)), Options{}, CodeGzipBomb},
		"too large":         {honest, Options{MaxBytes: 1 << 20}, CodeGzipBomb},
		"a generous bound":  {honest, Options{}, ""},
		"a small one, full": {packed(t, strings.NewReader("{\"name\":\"A\"}"+strings.Repeat(" ", 900<<10))), Options{}, ""},
	} {
		_, err := read(ndjsonMedia, string(c.file), c.options)
		if code, _ := codeOf(err); code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		if p[i] = ' '; i%512 == 0 {
			p[i] = '\n'
		}
	}
	return len(p), nil
}
