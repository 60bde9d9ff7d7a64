package parse

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"crmferry/internal/contact"
)

// array reads the elements of one JSON array, each cut out of the stream by
// its brackets and quotes alone and then decoded like any contact.
type array struct {
	*source
	unknown contact.UnknownFields
	buffer  []byte
	open    []byte // the brackets around the current byte
	begun   bool
}

func (a *array) next() (Row, error) {
	c, err := a.token()
	if err != nil {
		return Row{}, err
	}
	switch {
	case !a.begun && c == '[':
		c, err = a.token()
		if err != nil || c == ']' {
			return Row{}, a.ended(err)
		}
		a.begun = true
	case !a.begun:
		return Row{}, a.malformed("The file must be a JSON array; one object per line is application/x-ndjson.")
	case c == ']':
		return Row{}, a.ended(nil)
	case c == ',':
		if c, err = a.token(); err != nil {
			return Row{}, err
		}
	default:
		return Row{}, a.malformed("A comma or ] must follow.")
	}
	return a.element(c)
}

// ended makes sure that nothing follows the array.
func (a *array) ended(err error) error {
	if err != nil {
		return err
	}
	for {
		switch c, err := a.byte(); {
		case err != nil:
			return readError(err, a.line)
		case !space(c):
			return a.malformed("Something follows the array.")
		}
	}
}

// element reads the value that begins with c.
func (a *array) element(c byte) (row Row, err error) {
	line, offset := a.line, a.offset-1
	a.buffer, a.open = a.buffer[:0], a.open[:0]
	for quoted, escaped := false, false; ; {
		switch {
		case quoted && escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted && c < ' ':
			return Row{}, a.malformed("A text is not closed.")
		case quoted:
		case len(a.open) == 0 && (c == ',' || c == ']'):
			a.unread(c)
			return a.row(line, offset)
		case !a.bracket(c):
			return Row{}, a.malformed("A bracket does not match the one that it closes.")
		}
		if a.buffer = append(a.buffer, c); len(a.buffer) > a.limit {
			return Row{}, a.tooLong(line)
		}
		if c, err = a.byte(); err != nil {
			return Row{}, a.truncated(err)
		}
	}
}

// bracket notes an opening bracket and reports whether a closing one matches.
func (a *array) bracket(c byte) bool {
	switch c {
	case '{':
		a.open = append(a.open, '}')
	case '[':
		a.open = append(a.open, ']')
	case '}', ']':
		last := len(a.open) - 1
		if last < 0 || a.open[last] != c {
			return false
		}
		a.open = a.open[:last]
	}
	return true
}

// row decodes the element in the buffer. What is no JSON ends the upload:
// nobody can tell where the next row begins.
func (a *array) row(line int, offset int64) (Row, error) {
	raw := bytes.TrimSpace(a.buffer)
	row := rowOf(line, string(raw), raw, a.unknown)
	if row.Invalid == nil {
		return row, nil
	}
	switch row.Invalid.Problems[0].Code {
	case contact.CodeInvalidJSON, contact.CodeTrailingData:
		at := 0
		var syntax *json.SyntaxError
		if errors.As(json.Unmarshal(raw, new(json.RawMessage)), &syntax) {
			at = min(max(int(syntax.Offset)-1, 0), len(raw))
		}
		return Row{}, &Error{
			Code: CodeMalformedJSON, Line: line + bytes.Count(raw[:at], []byte{a.end}), Offset: offset + int64(at),
			Message: "The JSON is broken here.",
		}
	}
	return row, nil
}

// token returns the next byte that is no white space.
func (a *array) token() (byte, error) {
	for {
		c, err := a.byte()
		if err != nil {
			return 0, a.truncated(err)
		}
		if !space(c) {
			return c, nil
		}
	}
}

func (a *array) byte() (byte, error) {
	c, err := a.r.ReadByte()
	if err == nil {
		a.offset++
		if c == a.end {
			a.line++
		}
	}
	return c, err
}

func (a *array) unread(c byte) {
	_ = a.r.UnreadByte() // follows a ReadByte, always
	a.offset--
	if c == a.end {
		a.line--
	}
}

func space(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

func (a *array) malformed(message string) error {
	return &Error{Code: CodeMalformedJSON, Line: a.line, Offset: a.offset - 1, Message: message}
}

func (a *array) truncated(err error) error {
	if errors.Is(err, io.EOF) {
		return fail(CodeTruncated, a.line, "The file ends before its array does.")
	}
	return readError(err, a.line)
}

func (a *array) describe(*Mapping) {}
func (a *array) preamble() string  { return "" }
func (a *array) none() *Error      { return fail(CodeEmptyFile, 0, "The array is empty.") }
