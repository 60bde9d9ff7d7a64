package parse

import (
	"io"

	"golang.org/x/text/encoding/htmlindex"
)

// FieldFault says what is wrong with a value of Options.Columns, in words that
// follow its name; "" for nothing.
func FieldFault(path string) string {
	if _, ok := parsePlace(path); ok || path == "" {
		return ""
	}
	return "is no field of a contact" + meant(path)
}

// KnownEncoding says whether Options.Encoding can be of that name.
func KnownEncoding(name string) bool {
	_, err := htmlindex.Get(name)
	return err == nil
}

// Unpacked reads through the gzip layers of an upload that is not a file yet,
// as a packed form, within the bounds of the options.
func Unpacked(r io.Reader, o Options) (io.Reader, error) {
	return unpacked(r, o.withDefaults("", ""))
}
