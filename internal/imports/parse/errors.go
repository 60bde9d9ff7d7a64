package parse

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// The codes of an Error.
const (
	CodeUnsupportedMedia = "unsupported_media_type"
	CodeEmptyFile        = "empty_file"
	CodeHeaderOnly       = "header_only"
	CodeNotText          = "not_text"
	CodeBadEncoding      = "bad_encoding"
	CodeWrongDelimiter   = "wrong_delimiter"
	CodeNoKnownColumn    = "no_known_column"
	CodeUnknownColumn    = "unknown_column"
	CodeTooManyColumns   = "too_many_columns"
	CodeBadMapping       = "bad_mapping"
	CodeLineTooLong      = "line_too_long"
	CodeUnclosedQuote    = "unclosed_quote"
	CodeGzipBomb         = "gzip_bomb"
	CodeMalformedGzip    = "malformed_gzip"
	CodeMalformedJSON    = "malformed_json"
	CodeMalformedVCard   = "malformed_vcard"
	CodeMalformedForm    = "malformed_form"
	CodeNoFile           = "no_file"
	CodeMisplacedField   = "misplaced_field"
	CodeTruncated        = "truncated"
)

// Error ends an upload: nothing after it can be read. Message is a sentence
// for people and holds no value of the file; Line is 0 where none is to blame.
type Error struct {
	Code    string
	Line    int
	Offset  int64 // bytes into the decoded text, for malformed_json
	Message string
	cause   error
}

func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("parse: %s in line %d: %s", e.Code, e.Line, e.Message)
	}
	return "parse: " + e.Code + ": " + e.Message
}

// Unwrap gives the error of the reader that the upload came from, if one is
// behind it.
func (e *Error) Unwrap() error { return e.cause }

func fail(code string, line int, message string) *Error {
	return &Error{Code: code, Line: line, Message: message}
}

// readError is the Error of what a reader said instead of going on.
func readError(err error, line int) error {
	var own *Error
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.As(err, &own):
		at := *own
		if at.Line == 0 {
			at.Line = line
		}
		return &at
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		return &Error{Code: CodeMalformedGzip, Line: line, Message: "The gzip data is damaged.", cause: err}
	default:
		return &Error{Code: CodeTruncated, Line: line, Message: "The upload broke off before its end.", cause: err}
	}
}
