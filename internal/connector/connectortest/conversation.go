// Package connectortest is the suite that every connector passes: its Spec is
// sound, and it holds its recorded conversations to the letter.
package connectortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// Key and At are the idempotency key and the time of acceptance of every
// conversation.
const Key = "11111111-2222-4333-8444-555555555555"

// At is when every contact was accepted.
func At() time.Time { return time.Date(2026, time.November, 23, 9, 30, 0, 0, time.UTC) }

// Conversation is one file of testdata: what is asked of a connector, what it
// says to the CRM and hears, and what must come of it.
type Conversation struct {
	name string // of its file

	// Source is where the vendor documents what the CRM says here.
	Source string `json:"source"`
	// Op is create (the default: with the calls that follow it, and the
	// read-back), update, read, find, probe or batch.
	Op       string            `json:"op"`
	Settings map[string]string `json:"settings"`
	// Auth is as in an integrated account; made up for the first scheme when
	// it is missing.
	Auth map[string]string `json:"auth"`
	// Input is what a caller posts; Inputs are those of a batch.
	Input  json.RawMessage   `json:"input"`
	Inputs []json.RawMessage `json:"inputs"`
	// ID is the record that update and read are about.
	ID       string     `json:"id"`
	Exchange []Exchange `json:"exchange"`
	Want     Want       `json:"want"`
	// Warnings are compared by field and code.
	Warnings []Warning `json:"warnings"`
}

// Exchange is one request that must come, and the answer to it.
type Exchange struct {
	Request struct {
		Method string `json:"method"`
		// Path is path and query below the host of the base URL; anything
		// elsewhere is given as a whole URL.
		Path string `json:"path"`
		// Headers must be there; others may.
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"request"`
	Response struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		// Body is JSON; a string is sent as plain text.
		Body json.RawMessage `json:"body"`
		// Lost: the connection breaks after the request was sent.
		Lost bool `json:"lost"`
	} `json:"response"`
}

// Want is what must come of a conversation; exactly one member is set.
type Want struct {
	Contact  *contact.Contact    `json:"contact"`
	Contacts *[]contact.Contact  `json:"contacts"` // of a find
	Results  []Want              `json:"results"`  // of a batch
	Identity *connector.Identity `json:"identity"` // of a probe
	Error    *Error              `json:"error"`
}

// Error is a fault as far as programs act upon it.
type Error struct {
	Kind       fault.Kind `json:"kind"`
	Code       string     `json:"code,omitempty"`
	Fields     []string   `json:"fields,omitempty"`
	RemoteID   string     `json:"remote_id,omitempty"`
	RetryAfter string     `json:"retry_after,omitempty"` // "10s"
}

// Warning is a contact.Warning without its text.
type Warning struct {
	Field string `json:"field"`
	Code  string `json:"code"`
}

func load(files fs.FS, name string) (Conversation, error) {
	var c Conversation
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return c, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(&c); err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	c.name = name
	if c.Op == "" {
		c.Op = connector.OpCreate
	}
	return c, nil
}

// input is a posted contact as a job has it.
func input(raw json.RawMessage) (contact.Input, error) {
	if raw == nil {
		return contact.Input{}, nil
	}
	doc, err := contact.Decode(raw)
	return contact.Normalize(doc.Input), err
}
