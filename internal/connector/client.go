package connector

import (
	"cmp"
	"context"
	"net/url"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"crmferry/internal/contact"
	"crmferry/internal/transport"
)

// Exchanger sends one HTTP request and gives back what came of it.
type Exchanger interface {
	Do(ctx context.Context, r transport.Request) (*transport.Response, error)
}

// Account is one integrated account as a connector sees it.
type Account struct {
	ID         string
	Revision   string // changes when settings or credentials do
	Settings   map[string]string
	Credential Credential
	// Pace replaces the CRM's limits for this account, nil for none.
	Pace *Pace
	// App names the OAuth client by which the account came, "" for none.
	App string
}

// Client runs any Spec. What no connector must get wrong is here: addresses,
// authentication, redaction, error kinds, caching of discoveries.
type Client struct {
	http     Exchanger
	override func(crm string) *url.URL
	cache    *discoveryCache
	flights  singleflight.Group
	pacer    Pacer
}

// NewClient makes a Client. override says where a CRM lives instead of its own
// address, nil for most; now is the clock of the cache.
func NewClient(http Exchanger, override func(crm string) *url.URL, now func() time.Time) *Client {
	if override == nil {
		override = func(string) *url.URL { return nil }
	}
	return &Client{http: http, override: override, cache: newDiscoveryCache(now), pacer: unpaced{}}
}

// Paced has every call ask p first; before the Client is used.
func (c *Client) Paced(p Pacer) *Client {
	c.pacer = p
	return c
}

// Job is what a Session is about: one contact, its key, and when it was accepted.
type Job struct {
	Input contact.Input
	Key   string
	At    time.Time
	// ID is the job's own, "" for a call that belongs to none; Holder names
	// this attempt at it for the pace, and is made up where it is empty.
	ID, Holder string
	// Yields: it lets others that wait for the same limits go first.
	Yields bool
	// Brief: of a record that is made only the id is wanted.
	Brief bool
}

// Session is one conversation with one CRM about one contact.
type Session struct {
	client *Client
	spec   *Spec
	acc    Account
	scheme Scheme
	call   *Call
	job    string
	holder string
	yields bool
	permit Permit // of the last call
	asked  bool
}

// Asked says whether a turn was asked for: whether the pace knows that the job
// has come to a worker.
func (s *Session) Asked() bool { return s.asked }

// Session opens a conversation. It does no I/O.
func (c *Client) Session(spec *Spec, acc Account, job Job) (*Session, error) {
	scheme, ok := spec.Scheme(acc.Credential.Scheme)
	if !ok {
		return nil, internalf(spec, "the account's credential scheme is not one of %s's", spec.Name)
	}
	settings := Settings{}
	for _, s := range spec.Settings {
		if v := acc.Settings[s.Key]; v != "" {
			settings[s.Key] = s.cleaned(v)
		} else if s.Default != "" {
			settings[s.Key] = s.Default
		}
	}
	if spec.Workspace != "" && job.Input.Workspace != "" {
		settings[spec.Workspace] = job.Input.Workspace
	}
	return &Session{
		client: c, spec: spec, acc: acc, scheme: scheme, job: job.ID, holder: cmp.Or(job.Holder, uuid.NewString()), yields: job.Yields, permit: unpaced{},
		call: &Call{Settings: settings, Input: job.Input, Key: job.Key, At: job.At, Brief: job.Brief},
	}, nil
}

// Scheme gives the scheme with that id.
func (s *Spec) Scheme(id string) (Scheme, bool) {
	for _, scheme := range s.Schemes {
		if scheme.ID == id {
			return scheme, true
		}
	}
	return Scheme{}, false
}

// cleaned brings a value into its standard form.
func (s Setting) cleaned(value string) string {
	if s.Clean == nil {
		return value
	}
	return s.Clean(value)
}
