package kit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"sync"
	"time"
)

// Kind is a way to misbehave.
type Kind string

// The kinds. Those that start with Write, Truncate and Empty2xx let the
// imitation do its work first, whatever its answer was, and then lose the
// answer; the others leave nothing behind, save Delay and Hold, after which
// all goes on as if nothing had been.
const (
	Delay          Kind = "delay"            // wait for Fault.Delay
	Hold           Kind = "hold"             // wait for Release, or until the client leaves
	Status         Kind = "status"           // answer Fault.Vendor, or Fault.Status, Header and Body
	HTML           Kind = "html"             // answer a gateway's page with Fault.Status (502)
	ResetBefore    Kind = "reset_before"     // RST before the body is read
	ResetAfter     Kind = "reset_after"      // RST after the body was read
	WriteThenReset Kind = "write_then_reset" // RST instead of the answer
	WriteThenClose Kind = "write_then_close" // an orderly close instead of the answer
	WriteThenDelay Kind = "write_then_delay" // the answer comes after Fault.Delay
	WriteThenHold  Kind = "write_then_hold"  // the answer comes after Release
	// WriteThenStatus answers as Status does, with 500 by default.
	WriteThenStatus Kind = "write_then_status"
	Truncate        Kind = "truncate"  // half of the answer's body, then a close
	Empty2xx        Kind = "empty_2xx" // the answer's status without its body
)

// Kinds lists all kinds.
func Kinds() []Kind {
	return []Kind{
		Delay, Hold, Status, HTML, ResetBefore, ResetAfter, WriteThenReset, WriteThenClose,
		WriteThenDelay, WriteThenHold, WriteThenStatus, Truncate, Empty2xx,
	}
}

func (k Kind) writes() bool {
	switch k {
	case WriteThenReset, WriteThenClose, WriteThenDelay, WriteThenHold, WriteThenStatus, Truncate, Empty2xx:
		return true
	}
	return false
}

func (k Kind) holds() bool { return k == Hold || k == WriteThenHold }

// Match says which requests a fault meets. What is left out matches all.
type Match struct {
	Method  string         `json:"method,omitempty"`
	Path    *regexp.Regexp `json:"path,omitempty"` // below the CRM's prefix
	Account string         `json:"account,omitempty"`
	// Body must match the request's body, for APIs that do all at one path.
	// The body is then read first, so ResetBefore comes after it.
	Body *regexp.Regexp `json:"body,omitempty"`
}

// Vendors' own answers, for Fault.Vendor.
const (
	VendorLimited      = "limited"
	VendorServerError  = "server_error"
	VendorUnavailable  = "unavailable"
	VendorUnauthorized = "unauthorized" // as for an expired credential
)

// Fault is an injected misbehaviour. The first fault that meets a request is
// the only one that it suffers.
type Fault struct {
	Match Match `json:"match"`
	Skip  int   `json:"skip,omitempty"`  // let so many matching requests pass first
	Times int   `json:"times,omitempty"` // then meet so many; 0 is without end
	// Probability of meeting a request that matches, from a source seeded
	// with Seed; 0 is always.
	Probability float64 `json:"probability,omitempty"`
	Seed        uint64  `json:"seed,omitempty"`

	Do     Kind              `json:"do"`
	Delay  Duration          `json:"delay,omitempty"` // waited for in every kind but the holds
	Vendor string            `json:"vendor,omitempty"`
	Status int               `json:"status,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body,omitempty"`
}

// Validate tells what makes no sense about a fault.
func (f Fault) Validate() error {
	vendors := []string{"", VendorLimited, VendorServerError, VendorUnavailable, VendorUnauthorized}
	switch {
	case !slices.Contains(Kinds(), f.Do):
		return fmt.Errorf("do: must be one of %v", Kinds())
	case !slices.Contains(vendors, f.Vendor):
		return fmt.Errorf("vendor: must be one of %v", vendors[1:])
	case f.Skip < 0, f.Times < 0, f.Delay < 0:
		return errors.New("skip, times and delay must not be negative")
	case f.Probability < 0 || f.Probability > 1:
		return errors.New("probability: must be between 0 and 1")
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return errors.New("status: must be between 200 and 599")
	}
	return nil
}

// Injected is a fault in force.
type Injected struct {
	id       int
	fault    Fault
	faults   *faults
	rand     *rand.Rand
	seen     int
	met      int
	struck   int
	released chan struct{}
	once     sync.Once
}

// Release lets go of all that the fault holds, now and later.
func (i *Injected) Release() { i.once.Do(func() { close(i.released) }) }

// Struck counts the requests that it has taken effect on.
func (i *Injected) Struck() int {
	i.faults.mu.Lock()
	defer i.faults.mu.Unlock()
	return i.struck
}

// Wait returns when it has taken effect n times: the body was read, what is
// to be stored is stored, and a wait, if there is one, has begun.
func (i *Injected) Wait(ctx context.Context, n int) error {
	for {
		i.faults.mu.Lock()
		struck, changed := i.struck, i.faults.changed
		i.faults.mu.Unlock()
		if struck >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for a fault to strike %d times, %d seen: %w", n, struck, context.Cause(ctx))
		}
	}
}

func (i *Injected) strike() {
	i.faults.mu.Lock()
	defer i.faults.mu.Unlock()
	i.struck++
	close(i.faults.changed)
	i.faults.changed = make(chan struct{})
}

type faults struct {
	mu      sync.Mutex
	list    []*Injected
	last    int
	changed chan struct{}
}

func (f *faults) inject(fault Fault) *Injected {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	in := &Injected{
		id: f.last, fault: fault, faults: f,
		rand: rand.New(rand.NewPCG(fault.Seed, 0)), released: make(chan struct{}),
	}
	f.list = append(f.list, in)
	return in
}

// claim finds the fault that meets the call, among those that look at the
// body or those that do not.
func (f *faults) claim(c *Call, body bool) *Injected {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, in := range f.list {
		if (in.fault.Match.Body != nil) == body && in.meets(c) {
			return in
		}
	}
	return nil
}

func (i *Injected) meets(c *Call) bool {
	m := i.fault.Match
	switch {
	case m.Method != "" && m.Method != c.Request.Method,
		m.Account != "" && m.Account != c.account,
		m.Path != nil && !m.Path.MatchString(c.Request.URL.Path),
		m.Body != nil && !m.Body.Match(c.Body):
		return false
	}
	i.seen++
	switch {
	case i.seen <= i.fault.Skip,
		i.fault.Times > 0 && i.met >= i.fault.Times,
		i.fault.Probability > 0 && i.rand.Float64() >= i.fault.Probability:
		return false
	}
	i.met++
	return true
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, in := range f.list {
		in.Release()
	}
	f.list = nil
}

// Duration is a time.Duration that is text ("1.5s") in JSON.
type Duration time.Duration

// MarshalText writes it as time.Duration does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}
