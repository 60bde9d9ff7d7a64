package parse

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const (
	sampleSize = 4 << 10

	utf8Name        = "utf-8"
	utf8BOMName     = "utf-8 with byte order mark"
	windows1252Name = "windows-1252"
)

// text is an upload as UTF-8 without a byte order mark.
type text struct {
	io.Reader
	name func() string // of the encoding, as far as it is known yet
}

// decoded finds the encoding of r by its byte order mark, by what the caller
// said, or by the bytes themselves. Only files that people's programs write
// (legacy) may be in Windows-1252; JSON is UTF-8 by definition.
func decoded(r *bufio.Reader, named string, legacy bool) (text, error) {
	sample, err := r.Peek(sampleSize)
	if err != nil && err != io.EOF {
		return text{}, readError(err, 1)
	}
	if len(bytes.TrimSpace(sample)) == 0 && len(sample) < sampleSize {
		return text{}, fail(CodeEmptyFile, 0, "The file is empty.")
	}
	if t, ok, err := marked(r, sample); ok || err != nil {
		return t, err
	}
	if named != "" && !strings.EqualFold(named, utf8Name) {
		return called(r, named)
	}
	if endian, ok := zeros(sample); ok {
		return utf16(r, endian), nil
	}
	if what := binary(sample); what != "" {
		return text{}, fail(CodeNotText, 1, what)
	}
	if named != "" || !legacy {
		return text{r, func() string { return utf8Name }}, nil
	}
	g := &guess{r: r}
	return text{g, g.name}, nil
}

// marked decodes what begins with a byte order mark.
func marked(r *bufio.Reader, sample []byte) (text, bool, error) {
	switch {
	case bytes.HasPrefix(sample, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(sample, []byte("\x00\x00\xfe\xff")):
		return text{}, false, fail(CodeBadEncoding, 1, "The file is in UTF-32; save it as UTF-8.")
	case bytes.HasPrefix(sample, []byte("\xff\xfe")):
		return utf16(r, unicode.LittleEndian), true, nil
	case bytes.HasPrefix(sample, []byte("\xfe\xff")):
		return utf16(r, unicode.BigEndian), true, nil
	case bytes.HasPrefix(sample, []byte("\xef\xbb\xbf")):
		_, err := r.Discard(3)
		return text{r, func() string { return utf8BOMName }}, err == nil, err
	}
	return text{}, false, nil
}

func utf16(r io.Reader, endian unicode.Endianness) text {
	name := "utf-16le"
	if endian == unicode.BigEndian {
		name = "utf-16be"
	}
	return converted(r, unicode.UTF16(endian, unicode.UseBOM), name)
}

func converted(r io.Reader, e encoding.Encoding, name string) text {
	return text{transform.NewReader(r, e.NewDecoder()), func() string { return name }}
}

// called decodes by a name of the WHATWG list, such as shift_jis.
func called(r io.Reader, name string) (text, error) {
	e, err := htmlindex.Get(name)
	if err != nil {
		return text{}, fail(CodeBadEncoding, 0, "The named encoding is not known.")
	}
	if canonical, err := htmlindex.Name(e); err == nil {
		name = canonical
	}
	return converted(r, e, name), nil
}

// zeros recognises UTF-16 without its mark: Latin text has a zero in every
// other byte.
func zeros(sample []byte) (unicode.Endianness, bool) {
	var at [2]int
	for i, c := range sample {
		if c == 0 {
			at[i%2]++
		}
	}
	few, many := len(sample)/20, len(sample)/4
	switch {
	case at[1] > many && at[0] <= few:
		return unicode.LittleEndian, true
	case at[0] > many && at[1] <= few:
		return unicode.BigEndian, true
	default:
		return unicode.LittleEndian, false
	}
}

// signatures are the beginnings of the files that people upload by mistake.
var signatures = []struct{ begin, message string }{
	{"PK\x03\x04", "The file is a workbook or a ZIP archive; save it as CSV, or unpack it."},
	{"\xd0\xcf\x11\xe0", "The file is an Excel workbook; save it as CSV."},
	{"%PDF", "The file is a PDF document."},
	{"\x1f\x8b", "The file is packed more than twice."},
	{"{\\rtf", "The file is an RTF document; save it as CSV."},
}

// binary says what a sample is if it is no text.
func binary(sample []byte) string {
	for _, s := range signatures {
		if bytes.HasPrefix(sample, []byte(s.begin)) {
			return s.message
		}
	}
	controls := 0
	for _, c := range sample {
		if c == 0 {
			return "The file holds binary data."
		}
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\v' {
			controls++
		}
	}
	if controls > len(sample)/10 {
		return "The file holds binary data."
	}
	return ""
}

// guess passes ASCII on until the first other byte decides between UTF-8 and
// Windows-1252, which may be far into the file.
type guess struct {
	r      *bufio.Reader
	passed io.Reader // once decided
	found  string
}

func (g *guess) name() string {
	if g.found == "" {
		return utf8Name
	}
	return g.found
}

func (g *guess) Read(p []byte) (int, error) {
	if g.passed != nil {
		return g.passed.Read(p)
	}
	if _, err := g.r.Peek(1); err != nil {
		return 0, err
	}
	ahead, _ := g.r.Peek(min(g.r.Buffered(), len(p)))
	if n := ascii(ahead); n > 0 {
		return g.r.Read(p[:n])
	}
	window, _ := g.r.Peek(g.r.Size())
	if looksUTF8(window) {
		g.passed, g.found = g.r, utf8Name
	} else {
		g.passed, g.found = transform.NewReader(g.r, charmap.Windows1252.NewDecoder()), windows1252Name
	}
	return g.passed.Read(p)
}

// ascii counts the bytes before the first that is not ASCII.
func ascii(b []byte) int {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return i
		}
	}
	return len(b)
}

// looksUTF8 weighs the sequences that only UTF-8 has against the bytes that it
// cannot have: a few damaged rows do not make a file Windows-1252.
func looksUTF8(window []byte) bool {
	right, wrong := 0, 0
	for len(window) > 0 {
		if window[0] < utf8.RuneSelf {
			window = window[ascii(window):]
			continue
		}
		r, size := utf8.DecodeRune(window)
		switch {
		case r != utf8.RuneError || size > 1:
			right++
		case utf8.FullRune(window):
			wrong++
		}
		window = window[size:]
	}
	return right > wrong || wrong == 0
}
