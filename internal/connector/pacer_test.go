package connector

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"crmferry/internal/fault"
	"crmferry/internal/transport"
)

// diary is a pacer that writes down what happens to its permits.
type diary struct {
	refuse  error
	stale   int // so many permits run out before the call
	entries []string
	asks    []Ask
}

func (d *diary) note(format string, args ...any) {
	d.entries = append(d.entries, fmt.Sprintf(format, args...))
}

func (d *diary) Take(_ context.Context, a Ask) (Permit, error) {
	d.asks = append(d.asks, a)
	if d.refuse != nil {
		return nil, d.refuse
	}
	d.note("take %s", a.Op)
	p := &slip{d, d.stale > 0}
	d.stale--
	return p, nil
}

type slip struct {
	*diary
	expired bool
}

func (s *slip) Expired() bool                    { return s.expired }
func (s *slip) Cancel()                          { s.note("cancel") }
func (s *slip) Done(f Feedback)                  { s.note("done %s %v %d", f.Verdict, f.Wait, len(f.Usage)) }
func (s *slip) Limited(wait time.Duration)       { s.note("limited %v", wait) }
func (d *diary) marked(Draft) (time.Time, error) { d.note("mark"); return time.Time{}, nil }

// TestACallAndItsPermit: the turn comes first, then the journal, then the call,
// and what it taught goes back.
func TestACallAndItsPermit(t *testing.T) {
	t.Parallel()
	limited := http.Header{"Retry-After": {"7"}}
	told := http.Header{"Left": {"3"}}
	for name, c := range map[string]struct {
		reply reply
		stale int
		want  string
	}{
		"a success":               {ok(`{"id":"1"}`), 0, "take create,mark,done up 0s 0"},
		"a refusal":               {reply{status: 422, body: `{}`}, 0, "take create,mark,done up 0s 0"},
		"with usage":              {reply{status: 200, header: told, body: `{"id":"1"}`}, 0, "take create,mark,done up 0s 1"},
		"limited":                 {reply{status: 429, header: limited, body: `{}`}, 0, "take create,mark,done limited 7s 0"},
		"limited in other words":  {reply{status: 400, header: limited, body: `{"code":"SLOW"}`}, 0, "take create,mark,done up 0s 0,limited 7s"},
		"down":                    {reply{status: 500, body: `{}`}, 0, "take create,mark,done down 0s 0"},
		"down, and says how long": {reply{status: 503, header: limited, body: `{}`}, 0, "take create,mark,done down 7s 0"},
		"no answer":               {reply{err: &transport.Error{Sent: true, Reason: transport.Timeout, Err: errors.New("x")}}, 0, "take create,mark,done down 0s 0"},
		"too late to send":        {reply{err: &transport.Error{Reason: transport.Fenced, Err: errors.New("x")}}, 0, "take create,mark,done  0s 0"},
		"a permit that ran out":   {ok(`{"id":"1"}`), 1, "take create,mark,cancel,take create,done up 0s 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := acme()
			spec.Errors = Errors{
				Parse: func(r Reply) VendorError { ve, _ := DecodeJSON[VendorError](r); return ve },
				Codes: map[string]fault.Kind{"SLOW": fault.RateLimited},
			}
			spec.Limits.Usage = []UsageHeader{{Remaining: "Left"}}
			d := &diary{stale: c.stale}
			s := sessionOf(t, NewClient(&script{replies: []reply{c.reply}}, nil, nil).Paced(d), spec, account(), ada())
			_, _ = s.Create(t.Context(), d.marked)
			if got := strings.Join(d.entries, ","); got != c.want {
				t.Errorf("went %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestACallThatIsHeldBack is not journaled, and asks in the name of its job.
func TestACallThatIsHeldBack(t *testing.T) {
	t.Parallel()
	refusal := fault.New(fault.RateLimited, "pace", "x")
	refusal.Paced, refusal.RetryAfter = true, time.Minute
	d := &diary{refuse: refusal}
	spec, acc := acme(), account()
	acc.Pace = &Pace{Concurrency: 3}
	client := NewClient(&script{}, nil, nil).Paced(d)
	s, err := client.Session(spec, acc, Job{Input: ada(), Key: testKey, ID: "job_1", Holder: "job_1.1.1"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Create(t.Context(), d.marked)
	if f := faultOf(t, err); !f.Paced || f.CRM != "acme" || f.Op != OpCreate || f.RetryAfter != time.Minute || len(d.entries) != 0 {
		t.Errorf("%+v, after %v", f, d.entries)
	}
	a := d.asks[0]
	if a.Account != "acc" || a.Budget != "acc" || a.Job != "job_1" || a.Holder != "job_1.1.1" || a.Host != "api.acme.example" || a.Limits.Concurrency != 3 {
		t.Errorf("asked %+v", a)
	}
}

// TestAMarkThatFails gives the permit back: nothing was sent.
func TestAMarkThatFails(t *testing.T) {
	t.Parallel()
	d, lost := &diary{}, errors.New("no journal")
	s := sessionOf(t, NewClient(&script{}, nil, nil).Paced(d), acme(), account(), ada())
	_, err := s.Create(t.Context(), func(Draft) (time.Time, error) { return time.Time{}, lost })
	if !errors.Is(err, lost) || strings.Join(d.entries, ",") != "take create,cancel" {
		t.Errorf("%v, after %v", err, d.entries)
	}
}
