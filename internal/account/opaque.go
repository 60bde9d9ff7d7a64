package account

import (
	"bytes"
	"fmt"
	"log/slog"
)

// mask stands for a secret in every text.
const mask = "***"

// Opaque is a JSON value from a caller that may hold secrets: it takes any
// JSON, and every way to print or encode it gives "***".
type Opaque []byte

// UnmarshalJSON keeps the text as it is.
func (o *Opaque) UnmarshalJSON(text []byte) error {
	*o = bytes.Clone(text)
	return nil
}

// MarshalJSON gives "***".
func (Opaque) MarshalJSON() ([]byte, error) { return []byte(`"` + mask + `"`), nil }

// Format prints "***" for every verb.
func (Opaque) Format(f fmt.State, _ rune) { fmt.Fprint(f, mask) }

// LogValue logs "***".
func (Opaque) LogValue() slog.Value { return slog.StringValue(mask) }

// absent says whether there is no value: nothing, or null.
func (o Opaque) absent() bool {
	text := bytes.TrimSpace(o)
	return len(text) == 0 || bytes.Equal(text, []byte("null"))
}
