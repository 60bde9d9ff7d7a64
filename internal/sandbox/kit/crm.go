package kit

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// CRM is one running imitation. It serves the vendor's API at its root, and
// its methods are safe for concurrent use.
type CRM struct {
	spec      Spec
	now       func() time.Time
	routes    []route
	limits    atomic.Pointer[[]Limit]
	unlimited atomic.Bool
	lag       atomic.Int64
	calls     atomic.Uint64
	opts      Options

	meter  meter
	faults faults
	ledger ledger
	log    requestLog

	mu       sync.Mutex
	accounts map[string]*Account
}

// New starts an imitation.
func New(spec Spec, o Options) *CRM {
	s := &CRM{spec: spec, now: o.Now, opts: o, routes: routes(spec.Routes, spec.Public)}
	if s.now == nil {
		s.now = time.Now
	}
	s.faults.changed = make(chan struct{})
	s.settings()
	return s
}

func (s *CRM) settings() {
	s.limits.Store(&s.spec.Limits)
	s.unlimited.Store(s.opts.Unlimited)
	s.lag.Store(int64(s.opts.IndexLag))
}

// Slug is the CRM's id.
func (s *CRM) Slug() string { return s.spec.Slug }

// Connect is the auth and settings of one of its accounts; see Spec.Connect.
func (s *CRM) Connect(account, base string) (auth, settings map[string]string) {
	return s.spec.Connect(account, base)
}

// ServeHTTP answers one request.
func (s *CRM) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := s.open(r)
	status, kind := 0, Kind("")
	defer func() { s.close(c, status, kind) }()
	in := s.faults.claim(c, false)
	if in != nil && in.fault.Do == ResetBefore {
		kind = ResetBefore
		in.strike()
		cut(w, true)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
			w.WriteHeader(status)
		}
		return
	}
	c.Body = body
	s.openGrant(c)
	if in == nil {
		in = s.faults.claim(c, true)
	}
	if in != nil {
		kind = in.fault.Do
		status = s.misbehave(w, c, in)
		return
	}
	reply := s.answer(c)
	status = reply.Status
	reply.send(w, reply.size())
}

func (s *CRM) open(r *http.Request) *Call {
	c := &Call{Request: r, Now: s.now(), crm: s, id: s.calls.Add(1)}
	c.account, c.auth = authenticate(s.spec.Slug, s.spec.Credential(r))
	c.entry = s.log.arrive(Request{At: c.Now, Method: r.Method, Path: r.URL.Path, Account: c.account})
	s.ledger.request(c.account)
	return c
}

// openGrant finds the account of a token request, which its body names.
func (s *CRM) openGrant(c *Call) {
	if c.grant = s.spec.OAuth.readGrant(c); c.grant != nil {
		c.account, c.auth = authenticate(s.spec.Slug, c.grant.credential())
	}
}

func (s *CRM) close(c *Call, status int, kind Kind) {
	if c.inside {
		s.meter.leave(*s.limits.Load(), c)
	}
	if c.pending != nil {
		c.Account.mu.Lock()
		c.pending.done = true
		c.Account.mu.Unlock()
	}
	s.log.finish(c.entry, status, c.Op, kind)
}

// answer does what the real CRM would do and renders what it would say.
func (s *CRM) answer(c *Call) Reply {
	c.Now = s.now()
	found, vars, allow := find(s.routes, c.Request.Method, c.Request.URL.EscapedPath())
	c.vars = vars
	if found.public {
		return found.handler(c).frozen()
	}
	if c.auth != Authorized && c.grant != nil {
		return s.spec.OAuth.refuse(c, c.grant.fault()).frozen()
	}
	if c.auth != Authorized {
		return s.spec.Errors.Unauthorized(c, c.auth).frozen()
	}
	c.Account = s.account(c.account)
	c.Account.mu.Lock()
	defer c.Account.mu.Unlock()
	reply := s.admitted(c, found.handler, allow)
	if s.spec.Headers != nil {
		for name, value := range s.spec.Headers(c) {
			reply = reply.With(name, value)
		}
	}
	return reply.frozen()
}

func (s *CRM) admitted(c *Call, h Handler, allow []string) Reply {
	if refused := s.enter(c); refused != nil {
		s.ledger.limited(c.account)
		return s.spec.Errors.Limited(c, *refused)
	}
	if c.grant != nil {
		return s.spec.OAuth.issue(c)
	}
	if s.spec.Before != nil {
		if refusal := s.spec.Before(c); refusal != nil {
			return *refusal
		}
	}
	if h == nil {
		return s.spec.Errors.NotFound(c, allow)
	}
	return s.idempotently(c, h)
}

// boundless is what an imitation without limits tells in its headers.
const boundless = 1_000_000_000

func (s *CRM) enter(c *Call) (refused *Usage) {
	limits := *s.limits.Load()
	if s.unlimited.Load() {
		for _, l := range limits {
			l.Requests = boundless
			c.Usage = append(c.Usage, Usage{Limit: l})
		}
		return nil
	}
	c.Usage, refused = s.meter.enter(limits, c)
	c.inside = refused == nil
	return refused
}

// account finds an account or makes it.
func (s *CRM) account(name string) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[name]
	if a == nil {
		a = &Account{Name: name, slug: s.spec.Slug, side: map[string]*Table{}}
		if s.accounts == nil {
			s.accounts = map[string]*Account{}
		}
		s.accounts[name] = a
	}
	return a
}

// Inject puts a fault in force until ClearFaults.
func (s *CRM) Inject(f Fault) *Injected { return s.faults.inject(f) }

// ClearFaults ends all faults and lets go of what they hold.
func (s *CRM) ClearFaults() { s.faults.clear() }

// Wait returns when n requests that match came in since the last reset,
// whether answered or not; a nil match counts all.
func (s *CRM) Wait(ctx context.Context, n int, match func(Request) bool) error {
	return s.log.wait(ctx, n, match)
}

// Requests lists the latest requests of an account, or of all ("").
func (s *CRM) Requests(account string) []Request { return s.log.list(account) }

// Ledger lists the accepted creates of an account, or of all (""), in order.
func (s *CRM) Ledger(account string) []Entry { return s.ledger.list(account) }

// Count is the number of contacts that an account, or all of them (""), hold.
func (s *CRM) Count(account string) int {
	n := 0
	for _, a := range s.pick(account) {
		a.mu.Lock()
		n += len(a.Contacts.rows)
		a.mu.Unlock()
	}
	return n
}

// Counts sums up an account, or all of them ("").
func (s *CRM) Counts(account string) Counts {
	counts := s.ledger.sum(account)
	counts.Records = s.Count(account)
	return counts
}

// Records copies the contacts of an account in the order of insertion, in
// the form in which the imitation keeps them.
func (s *CRM) Records(account string) []Record {
	list := []Record{}
	for _, a := range s.pick(account) {
		a.mu.Lock()
		for _, r := range a.Contacts.rows {
			list = append(list, Record{ID: r.ID, Data: maps.Clone(r.Data), CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt})
		}
		a.mu.Unlock()
	}
	return list
}

// pick lists the named account if it is in use, or all in use by name.
func (s *CRM) pick(account string) []*Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*Account
	for _, name := range slices.Sorted(maps.Keys(s.accounts)) {
		if account == "" || name == account {
			list = append(list, s.accounts[name])
		}
	}
	return list
}

// Seed puts a contact into an account as if it had been made at createdAt,
// and returns its id. The ledger does not show it.
func (s *CRM) Seed(account string, p Person, createdAt time.Time) string {
	a := s.account(account)
	a.mu.Lock()
	defer a.mu.Unlock()
	data := s.spec.Seed(a, p)
	return a.insert(s.spec, s.spec.NewID(account, a.NextID()), data, createdAt).ID
}

// Limits lists the limits in force.
func (s *CRM) Limits() []Limit { return slices.Clone(*s.limits.Load()) }

// SetLimits replaces what the named limits allow, from now on.
func (s *CRM) SetLimits(changes ...Override) error {
	limits, err := override(*s.limits.Load(), changes)
	if err == nil {
		s.limits.Store(&limits)
	}
	return err
}

// SetUnlimited turns all limits off or on.
func (s *CRM) SetUnlimited(off bool) { s.unlimited.Store(off) }

// IndexLag is how long searches miss a fresh record.
func (s *CRM) IndexLag() time.Duration { return time.Duration(s.lag.Load()) }

// SetIndexLag changes how long searches miss a fresh record.
func (s *CRM) SetIndexLag(d time.Duration) { s.lag.Store(int64(d)) }

// Reset forgets all records, logs, faults and changed settings.
func (s *CRM) Reset() {
	s.faults.clear()
	s.mu.Lock()
	s.accounts = nil
	s.mu.Unlock()
	s.meter.reset()
	s.ledger.reset()
	s.log.reset()
	s.settings()
}
