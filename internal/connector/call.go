package connector

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// Call is what a Spec's functions are given: one contact on its way into one
// account. They must not change it, but for Warn.
type Call struct {
	Settings Settings
	Input    contact.Input
	// Key is a UUID that stays the same over all tries of one job.
	Key string
	// At is when the job was accepted, for bodies that want a time.
	At time.Time
	// Brief: of a record that is made only the id is wanted; a Batch may leave
	// the rest of its answer unread.
	Brief bool
	// RemoteID is the record that Read and Update act on.
	RemoteID string
	// Existing is the record as it was right before an update, with Spec.ReadFirst.
	Existing contact.Contact

	prepared map[string]map[string]any
	warnings []contact.Warning
}

// Settings are an account's settings with defaults filled in.
type Settings map[string]string

// Has says whether the input sets a field.
func (c *Call) Has(f contact.Field) bool { return slices.Contains(c.Input.Present(), f) }

// Warn reports that the part of the input at path did not make it into the
// request: "phone_numbers/2".
func (c *Call) Warn(path, code, message string) {
	c.warnings = append(c.warnings, contact.Warning{Field: path, Code: code, Message: message})
}

// Warnings are those that Warn collected since the last Request was built.
func (c *Call) Warnings() []contact.Warning { return c.warnings }

// Prepared is the value that the discovery name gave for key; the zero value
// when it was not looked up or is of another type.
func Prepared[T any](c *Call, name, key string) T {
	value, _ := c.prepared[name][key].(T)
	return value
}

// SetPrepared stores a discovery's value in the call; the Client and tests of
// pure functions use it.
func (c *Call) SetPrepared(name, key string, value any) {
	if c.prepared == nil {
		c.prepared = map[string]map[string]any{}
	}
	if c.prepared[name] == nil {
		c.prepared[name] = map[string]any{}
	}
	c.prepared[name][key] = value
}

// Request is one HTTP call, relative to the Spec's BaseURL. A Path that starts
// with a scheme is taken whole; it may hold settings in braces.
type Request struct {
	Method string
	Path   string
	Query  url.Values
	Header map[string]string
	// Body is encoded as JSON, but for []byte, which is sent as it is; nil is no body.
	Body any
}

// Reply is the CRM's answer.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON decodes the body into v, numbers as json.Number where v is untyped.
func (r Reply) JSON(v any) error { return decodeJSON(r.Body, v) }

// DecodeJSON decodes a whole body into a T.
func DecodeJSON[T any](r Reply) (T, error) {
	var v T
	err := r.JSON(&v)
	return v, err
}

// VendorError is a refusal as the vendor words it.
type VendorError struct {
	Code    string
	Message string
	// Fields are the vendor's names of what it blames.
	Fields []string
	// RemoteID is the existing record that a duplicate names.
	RemoteID string
	// RetryAfter is the wait that the body asks for.
	RetryAfter time.Duration
	// Status, where set, is this refusal's own: the answer to a batch has another.
	Status int
	// Kind, where set, wins over the Spec's tables.
	Kind fault.Kind
	// MaybeApplied: this refusal may have stored the record.
	MaybeApplied bool
}

func (e *VendorError) Error() string { return e.Code + ": " + e.Message }
