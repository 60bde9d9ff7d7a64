package kit

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"
)

const maxBody = 32 << 20

// Call is one request on its way through an imitation.
type Call struct {
	Request *http.Request
	Body    []byte
	Account *Account  // nil on public routes
	Now     time.Time // the same for all that one call does
	Usage   Usages    // the account's windows, this call counted
	Key     string    // the idempotency key, if any
	// Op names what the call does in the request log, for APIs whose path
	// does not tell.
	Op string

	crm     *CRM
	account string
	auth    AuthFault
	grant   *grant
	vars    map[string]string
	id      uint64
	entry   int
	inside  bool
	pending *replay
}

// Var is the text in a hole of the route.
func (c *Call) Var(name string) string { return c.vars[name] }

// Query is the first value of a query parameter.
func (c *Call) Query(name string) string { return c.Request.URL.Query().Get(name) }

// MediaType is the body's media type, in lower case and without parameters;
// empty when none is named.
func (c *Call) MediaType() string {
	mediaType, _, _ := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	return mediaType
}

// RequestID is a UUID of this request.
func (c *Call) RequestID() string { return UUID(c.crm.spec.Slug+" request", c.id) }

// AccountName is the account that the credential names, valid or not; empty
// when it names none.
func (c *Call) AccountName() string { return c.account }

// NoScope tells whether the account lacks the right to create.
func (c *Call) NoScope() bool { return c.account == noScopeAccount }

// Decode reads the JSON body into v. Numbers in an any become json.Number.
func (c *Call) Decode(v any) error { return Decode(c.Body, v) }

// Object reads the body as one JSON object.
func (c *Call) Object() (map[string]any, error) {
	var object map[string]any
	if err := c.Decode(&object); err != nil {
		return nil, err
	}
	if object == nil {
		return nil, errors.New("not a JSON object")
	}
	return object, nil
}

// Decode reads one JSON value and nothing after it. Numbers in an any become
// json.Number.
func Decode(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("data after the JSON value")
	}
	return nil
}

// Create stores a contact and enters it in the ledger.
func (c *Call) Create(op string, data map[string]any) *Record {
	return c.CreateAs(op, c.crm.spec.NewID(c.account, c.Account.NextID()), data)
}

// CreateAs is Create with an id of the client's choice, which must be free.
func (c *Call) CreateAs(op, id string, data map[string]any) *Record {
	r := c.Account.insert(c.crm.spec, id, data, c.Now)
	c.crm.ledger.add(c.Account.Name, Entry{
		ID: r.ID, Account: c.Account.Name, At: c.Now, Key: c.Key, Op: op,
		Name: r.identity.Name, Email: first(r.identity.Emails),
	})
	return r
}

// Update lays the given values over a contact's and counts the follow-up
// write "update".
func (c *Call) Update(r *Record, changes map[string]any) {
	c.Account.update(c.crm.spec, r, changes, c.Now)
	c.FollowUp("update")
}

// FollowUp counts an accepted write that is no create.
func (c *Call) FollowUp(op string) { c.crm.ledger.followUp(c.Account.Name, op) }

// Searchable tells whether the search index shows the record already.
func (c *Call) Searchable(r *Record) bool {
	return !r.CreatedAt.After(c.Now.Add(-c.crm.IndexLag()))
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
