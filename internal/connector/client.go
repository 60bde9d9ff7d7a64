package connector

import (
	"context"
	"net/url"
	"time"

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
}

// Client runs any Spec. What no connector must get wrong is here: addresses,
// authentication, redaction, error kinds, caching of discoveries.
type Client struct {
	http     Exchanger
	override func(crm string) *url.URL
	cache    *discoveryCache
	flights  singleflight.Group
}

// NewClient makes a Client. override says where a CRM lives instead of its own
// address, nil for most; now is the clock of the cache.
func NewClient(http Exchanger, override func(crm string) *url.URL, now func() time.Time) *Client {
	if override == nil {
		override = func(string) *url.URL { return nil }
	}
	return &Client{http: http, override: override, cache: newDiscoveryCache(now)}
}

// Job is what a Session is about: one contact, its key, and when it was accepted.
type Job struct {
	Input contact.Input
	Key   string
	At    time.Time
}

// Session is one conversation with one CRM about one contact.
type Session struct {
	client *Client
	spec   *Spec
	acc    Account
	scheme Scheme
	call   *Call
}

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
		client: c, spec: spec, acc: acc, scheme: scheme,
		call: &Call{Settings: settings, Input: job.Input, Key: job.Key, At: job.At},
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
