package kit

import (
	"net/http"
	"time"
)

// Spec is all that the kit must know of one imitated CRM. Handlers, Before and
// Headers are called with the account locked; the other functions must be
// pure.
type Spec struct {
	// Slug is the CRM's id, hyphens included.
	Slug string
	// Credential finds the secret in the request, however the vendor's
	// scheme carries it; empty when there is none.
	Credential func(*http.Request) string
	// Connect tells how to connect an account: the auth and settings
	// objects of an integrated account. Addresses lie under base, or have
	// the vendor's own form when base is empty.
	Connect func(account, base string) (auth, settings map[string]string)

	// Routes maps "METHOD /path" to what answers it. A segment may hold one
	// {hole}, with text around it: "PATCH /contacts({id})". Where several
	// routes fit, the one with the fewest holes wins.
	Routes map[string]Handler
	// Public holds the routes that need no credential. Call.Account is nil.
	Public map[string]Handler
	// OAuth is the vendor's token endpoint. Optional.
	OAuth *OAuth
	// Before refuses a request ahead of its route (media type, version); nil
	// lets it pass. Optional.
	Before func(*Call) *Reply

	// Limits are the vendor's windows, of its smallest paying plan.
	Limits []Limit
	// Headers are set on every answer to a known account. Optional.
	Headers func(*Call) map[string]string
	// Idempotency replays answers by key. Optional.
	Idempotency *Idempotency

	// NewID makes the id of the n-th object of an account, n from 1.
	NewID func(account string, n uint64) string
	// Identity reads from a contact what it can be found by.
	Identity func(data map[string]any) Identity
	// Seed builds the stored form of a person that was there before.
	Seed func(*Account, Person) map[string]any

	Errors Errors
}

// Handler answers one call.
type Handler func(*Call) Reply

// Errors are the vendor's own answers to what every CRM can refuse.
type Errors struct {
	Unauthorized func(*Call, AuthFault) Reply
	// NotFound answers a path that is not served; allow is not empty where
	// the path is served for other methods.
	NotFound func(c *Call, allow []string) Reply
	Limited  func(*Call, Usage) Reply
	// ServerError is the vendor's 500, Unavailable its 503.
	ServerError func(*Call) Reply
	Unavailable func(*Call) Reply
}

// Identity is what a contact can be found by. E-mails are compared without
// regard to case. Keys are whatever else the imitation looks up: give them a
// prefix ("phone:4420...") so that kinds do not mix.
type Identity struct {
	Name   string
	Emails []string
	Keys   []string
}

// Person is a neutral contact for seeding.
type Person struct {
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Email     string `json:"email"`
	Phone     string `json:"phone"`
	Title     string `json:"title"`
}

// Options are what all imitations of one world share.
type Options struct {
	Now       func() time.Time // default time.Now
	Unlimited bool             // no rate limits
	IndexLag  time.Duration    // how long searches miss a fresh record
}
