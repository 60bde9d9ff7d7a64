// Package parse turns an upload of contacts into rows: NDJSON, a JSON array,
// CSV as people's programs export it, or vCards. It holds one row at a time,
// however long the file is.
package parse

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strings"

	"crmferry/internal/contact"
)

// Options are what a caller can say about an upload. The zero value reads
// every file that says itself what it is.
type Options struct {
	// Columns maps CSV headers to fields, before any header is recognised: to a
	// path such as "first_name", "email_addresses/0/email",
	// "phone_numbers/mobile" or "custom_fields/Shoe size", to "client_ref", or
	// to "" for a column that is to be left out.
	Columns map[string]string
	// Unknown says what becomes of fields that no contact has. Without it, JSON
	// rows that hold one are invalid, as single contacts are, and CSV columns
	// and vCard properties are reported in the Mapping.
	Unknown contact.UnknownFields
	// Delimiter of a CSV file, one ASCII character; 0 finds it out.
	Delimiter byte
	// Encoding of the text, by a name of the WHATWG list; "" finds it out. A
	// byte order mark overrules it.
	Encoding string
	// UIDAsClientRef makes a vCard's UID the row's client_ref.
	UIDAsClientRef bool
	// MaxRow is the longest row in bytes (1 MiB). MaxBytes (4 GiB) and MaxRatio
	// (200) bound what a gzip file may unpack to.
	MaxRow   int
	MaxBytes int64
	MaxRatio int64
	// Tee, where it is set, is given the unpacked file as it is read.
	Tee io.Writer
}

func (o Options) withDefaults(f Format, charset string) Options {
	if o.Unknown == "" {
		o.Unknown = contact.UnknownWarn
		if f == NDJSON || f == JSON {
			o.Unknown = contact.UnknownFail
		}
	}
	if o.Encoding == "" {
		o.Encoding = charset
	}
	if o.MaxRow == 0 {
		o.MaxRow = 1 << 20
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 4 << 30
	}
	if o.MaxRatio == 0 {
		o.MaxRatio = 200
	}
	return o
}

// Row is one contact of an upload.
type Row struct {
	// Line is where the row begins in the file, from 1.
	Line int
	// Raw is the row's own text in UTF-8, without the line's end: what a
	// Postback takes.
	Raw string
	// Input is the contact, normalised; zero if the row is invalid.
	Input     contact.Input
	ClientRef string
	Metadata  json.RawMessage
	Warnings  []contact.Warning
	// Invalid says why the row cannot be accepted, with pointers into the
	// contact; nil if it can.
	Invalid *contact.Invalid
}

// Reader reads one upload.
type Reader struct {
	format Format
	rows   rows
	text   text
	failed error
	read   bool // at least one row
}

// rows is what each format does: give the next row, or io.EOF.
type rows interface {
	next() (Row, error)
	// describe adds what the format knows to the mapping.
	describe(*Mapping)
	// preamble is the text that stands before the first row.
	preamble() string
	// none is the error of a file without rows.
	none() *Error
}

// Open begins to read an upload, unpacked or packed with gzip, whose format its
// media type tells, or its file name if the media type is a vague one. Of a CSV
// file it has then read the header. The error is an *Error.
func Open(r io.Reader, mediaType, fileName string, o Options) (*Reader, error) {
	format, charset, err := FormatOf(mediaType, fileName)
	if err != nil {
		return nil, err
	}
	o = o.withDefaults(format, charset)
	if strings.HasPrefix(mediaType, "text/tab-separated-values") && o.Delimiter == 0 {
		o.Delimiter = '\t'
	}
	buffered, err := unpacked(r, o)
	if err != nil {
		return nil, err
	}
	if o.Tee != nil {
		buffered = bufio.NewReaderSize(io.TeeReader(buffered, o.Tee), bufferSize)
	}
	t, err := decoded(buffered, o.Encoding, format == CSV || format == VCard)
	if err != nil {
		return nil, err
	}
	in := &Reader{format: format, text: t}
	in.rows, err = open(format, newSource(t, o.MaxRow), o)
	if err != nil {
		return nil, err
	}
	return in, nil
}

func open(f Format, s *source, o Options) (rows, error) {
	switch f {
	case NDJSON:
		return &ndjson{source: s, unknown: o.Unknown}, nil
	case JSON:
		return &array{source: s, unknown: o.Unknown}, nil
	case CSV:
		return openCSV(s, o)
	default:
		return &cards{source: s, options: o, reader: bufio.NewReader(nil)}, nil
	}
}

// Format tells what is being read.
func (in *Reader) Format() Format { return in.format }

// Rows yields the rows in the order of the file, invalid ones included, until
// the end or an *Error, which comes with an empty Row. It can be ranged over
// again to go on where it stopped.
func (in *Reader) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for in.failed == nil {
			row, err := in.rows.next()
			if errors.Is(err, io.EOF) && !in.read {
				err = in.rows.none()
			}
			in.read = true
			if err != nil {
				in.failed = err
			}
			if errors.Is(err, io.EOF) || !yield(row, err) {
				return
			}
		}
	}
}

// Mapping tells how the file is understood: of CSV known once it is open, of
// vCards as far as they have been read.
func (in *Reader) Mapping() Mapping {
	m := Mapping{Format: in.format, Encoding: in.text.name()}
	in.rows.describe(&m)
	return m
}

// Preamble is what a Postback of rows of this file begins with: the header of a
// CSV file, and before it, in any format, the mark of UTF-8 where the file was in
// another encoding, so that an Encoding among the Options does not mislead.
func (in *Reader) Preamble() string {
	if in.text.name() == utf8Name {
		return in.rows.preamble()
	}
	return byteOrderMark + in.rows.preamble()
}

const byteOrderMark = "\uFEFF"
