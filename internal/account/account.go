// Package account keeps integrated accounts: one customer's connection to one
// CRM, with sealed credentials, settings and pace.
package account

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"crmferry/internal/connector"
)

// Status is whether an account can be worked with.
type Status string

// The states.
const (
	Active                  Status = "active"
	ReauthorizationRequired Status = "reauthorization_required"
	Disabled                Status = "disabled"
)

// Account is an integrated account without its secrets.
type Account struct {
	ID          string            `json:"id"` // a plain UUID
	Tenant      string            `json:"tenant"`
	CRM         string            `json:"crm"`
	Name        string            `json:"name,omitempty"`
	ExternalRef string            `json:"external_ref,omitempty"`
	Status      Status            `json:"status"`
	Scheme      string            `json:"scheme"`
	Settings    map[string]string `json:"settings,omitempty"`
	Limits      *Limits           `json:"limits,omitempty"`
	// App is a digest of the OAuth client by which the account came, "" for none.
	App       string             `json:"app,omitempty"`
	Identity  connector.Identity `json:"identity,omitzero"`
	CreatedAt time.Time          `json:"created_at"`
	UpdatedAt time.Time          `json:"updated_at"`
	CreatedBy string             `json:"created_by,omitempty"`
	// Revision changes with every change of settings, limits or credentials.
	Revision string `json:"revision"`
}

// Limits replaces the CRM's default pace for one account.
type Limits struct {
	Windows     []Window `json:"windows,omitempty"`
	Quotas      []Quota  `json:"quotas,omitempty"`
	Concurrency int      `json:"concurrency,omitempty"`
	// Reserve is the share of a quota, in percent, left for the customer's
	// other software.
	Reserve *int `json:"reserve,omitempty"`
}

// Quota allows Requests calls per period: day, month or rolling_24h.
type Quota struct {
	Requests int              `json:"requests"`
	Period   connector.Period `json:"period" enum:"day,month,rolling_24h"`
}

// Window allows Requests calls in any stretch of PerSeconds.
type Window struct {
	Requests   int     `json:"requests"`
	PerSeconds float64 `json:"per_seconds"`
}

// Pace is the limits as a connector reads them; nil for the CRM's own.
func (a Account) Pace() *connector.Pace {
	if a.Limits == nil {
		return nil
	}
	p := &connector.Pace{Concurrency: a.Limits.Concurrency, Reserve: a.Limits.Reserve}
	for _, w := range a.Limits.Windows {
		p.Windows = append(p.Windows, connector.Window{
			Requests: w.Requests, Per: time.Duration(w.PerSeconds * float64(time.Second)),
		})
	}
	for _, q := range a.Limits.Quotas {
		p.Quotas = append(p.Quotas, connector.Quota(q))
	}
	return p
}

// Record is an account as it is stored: the credential sealed.
type Record struct {
	Account
	Sealed []byte `json:"sealed"`
	// Version counts the changes of the record, whatever they are of.
	Version int64 `json:"version"`
}

// Clone copies the account so that nothing is shared.
func (a Account) Clone() Account {
	a.Settings = maps.Clone(a.Settings)
	if a.Limits != nil {
		limits := *a.Limits
		limits.Windows, limits.Quotas = slices.Clone(limits.Windows), slices.Clone(limits.Quotas)
		if limits.Reserve != nil {
			reserve := *limits.Reserve
			limits.Reserve = &reserve
		}
		a.Limits = &limits
	}
	return a
}

// Clone copies the record so that nothing is shared.
func (r Record) Clone() Record {
	r.Account = r.Account.Clone()
	r.Sealed = bytes.Clone(r.Sealed)
	return r
}

// Errors of a Store and a Service.
var (
	ErrNotFound = errors.New("account: not found")
	ErrExists   = errors.New("account: the id is taken")
	// ErrChanged: somebody else changed the record since it was read.
	ErrChanged = errors.New("account: changed meanwhile")
	// ErrCursor: the cursor is none that List gave.
	ErrCursor = errors.New("account: not a cursor of this list")
	// ErrUnknownCRM: the account is of a CRM that this release does not know.
	ErrUnknownCRM = errors.New("account: unknown CRM")
	// ErrIdentityChanged: the credentials belong to another remote account than
	// before.
	ErrIdentityChanged = errors.New("account: the credentials belong to another remote account than before")
)

// Store keeps records. What it is given and what it gives are the caller's to
// change. accounttest.RunStore proves an implementation.
type Store interface {
	// Create fails with ErrExists when the id is taken, by any tenant.
	Create(ctx context.Context, r Record) error
	// Get fails with ErrNotFound also for another tenant's account.
	Get(ctx context.Context, tenant, id string) (Record, error)
	// Put replaces the stored record if its Version is still r.Version, and
	// stores it with the next one; it fails with ErrChanged if it is not, and
	// with ErrNotFound where Get would, so that nothing deleted comes back.
	Put(ctx context.Context, r Record) error
	// Delete forgets the record at once and frees its id; it fails with
	// ErrNotFound where Get would.
	Delete(ctx context.Context, tenant, id string) error
	// List gives a tenant's accounts by creation, at most f.Limit after the
	// cursor; next is "" at the end. It fails with ErrCursor.
	List(ctx context.Context, tenant string, f Filter) (records []Record, next string, err error)
}

// Filter selects accounts of one tenant.
type Filter struct {
	CRM         string // "" for all
	ExternalRef string // "" for all
	Limit       int    // a Store's is positive; for the Service 0 means DefaultLimit
	Cursor      string // "" for the first page
}
