package webhook

import (
	"slices"
	"time"
)

// Payload says how much an endpoint is told.
type Payload string

// The choices.
const (
	Full Payload = "full" // with the unified contact; the default
	Thin Payload = "thin" // ids and outcome alone
)

// Because says why an endpoint is switched off.
type Because string

// The reasons.
const (
	BecauseAsked   Because = "requested" // by its owner
	BecauseGone    Because = "gone"      // it answered 410
	BecauseFailing Because = "failing"   // it failed for days
)

// Endpoint is a URL to which a tenant wants events to be sent.
type Endpoint struct {
	ID          string    `json:"id"`
	Tenant      string    `json:"tenant"`
	URL         string    `json:"url"`
	Events      []Type    `json:"events,omitempty"` // empty: all but those that are off by default
	Payload     Payload   `json:"payload"`
	Description string    `json:"description,omitempty"`
	Enabled     bool      `json:"enabled"`
	Disabled    Because   `json:"disabled_because,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	CreatedBy   string    `json:"created_by,omitempty"`
	Keys        Keyring   `json:"keys"`
	// FailingSince is when the failures began that no success has ended.
	FailingSince time.Time `json:"-"`
	// Version counts the changes.
	Version int64 `json:"-"`
}

// Wants says whether an event of a type goes to the endpoint.
func (e Endpoint) Wants(t Type) bool {
	switch {
	case !e.Enabled:
		return false
	case len(e.Events) == 0:
		return !t.offByDefault()
	default:
		return slices.Contains(e.Events, t)
	}
}

func (e Endpoint) queue() Queue {
	q, _ := QueueOf(e.ID)
	return q
}

// Clone shares nothing with e.
func (e Endpoint) Clone() Endpoint {
	e.Events = slices.Clone(e.Events)
	e.Keys = slices.Clone(e.Keys)
	return e
}
