package job_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// The kinds of CRM, by what makes an unknown outcome known.
func kindUnique(s *connector.Spec) {
	s.Idempotency = connector.Idempotency{Kind: connector.UniqueField}
	s.Duplicates.Detection = connector.DetectNative
}

func kindKey(s *connector.Spec) {
	s.Idempotency = connector.Idempotency{Kind: connector.KeyHeader, Life: 30 * time.Minute}
	create := s.Create.Request
	s.Create.Request = func(c *connector.Call) (connector.Request, error) {
		r, err := create(c)
		r.Header = map[string]string{"X-Key": c.Key}
		return r, err
	}
}

func kindClientID(s *connector.Spec) {
	s.Idempotency = connector.Idempotency{Kind: connector.ClientID, ID: func(c *connector.Call) string { return c.Key }}
	create := s.Create.Request
	s.Create.Request = func(c *connector.Call) (connector.Request, error) {
		r, err := create(c)
		r.Method, r.Path = "PUT", "/contacts/"+c.Key
		return r, err
	}
}

func kindNeither(s *connector.Spec) { s.Find = nil }

// TestOutcomes is the table of DESIGN's outcome rules: for each fault and kind
// of CRM, the states that the job passes through, its end, and what the CRM holds.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	const lag = 30 * time.Second
	kinds := map[string]func(*connector.Spec){
		"unique": kindUnique, "key": kindKey, "client id": kindClientID, "look-up": nil, "neither": kindNeither,
	}
	every := []string{"unique", "key", "client id", "look-up", "neither"}
	for _, c := range []struct {
		moods   string
		kinds   []string
		trail   string
		kind    fault.Kind
		records int
		creates int
	}{
		{"", every, "running succeeded", "", 1, 1},
		{"400", every, "running failed", fault.Invalid, 0, 1},
		{"403", every, "running failed", fault.Forbidden, 0, 1},
		{"404", every, "running failed", fault.NotFound, 0, 1},
		{"401", every, "running failed", fault.Unauthorized, 0, 1},
		{"429", every, "running waiting queued running succeeded", "", 1, 2},
		{"503 later", every, "running waiting queued running succeeded", "", 1, 2},
		{"refused", every, "running waiting queued running succeeded", "", 1, 2},
		{"refused,refused,429", every, "running waiting queued running waiting queued running waiting queued running succeeded", "", 1, 4},
		// The outcome is unknown, and the CRM's own idempotency settles it.
		{"write then reset", []string{"unique", "key", "client id"}, "running verifying succeeded", "", 1, 2},
		{"write then 500", []string{"unique", "key", "client id"}, "running verifying succeeded", "", 1, 2},
		{"write then nonsense", []string{"unique", "key", "client id"}, "running verifying succeeded", "", 1, 2},
		{"reset", []string{"unique", "key", "client id"}, "running verifying succeeded", "", 1, 2},
		{"500,reset,write then reset", []string{"unique", "key", "client id"}, "running verifying succeeded", "", 1, 4},
		// A limit while in doubt keeps the doubt.
		{"write then reset,429", []string{"unique", "key", "client id"}, "running verifying succeeded", "", 1, 3},
		{"write then reset,401", []string{"unique", "key", "client id"}, "running verifying unknown", fault.OutcomeUnknown, 1, 2},
		// A repeat that is refused as invalid may mean that the contact is there.
		{"write then reset" + strings.Repeat(",400", 20), []string{"unique"}, "running verifying succeeded", "", 1, 6},
		{"reset,400", []string{"unique", "client id"}, "running verifying succeeded", "", 1, 3},
		{"reset" + strings.Repeat(",400", 20), []string{"unique"}, "running verifying failed", fault.Invalid, 0, 7},
		// The outcome is unknown, and looking settles it.
		{"write then reset", []string{"look-up"}, "running verifying succeeded", "", 1, 1},
		{"write then 500", []string{"look-up"}, "running verifying succeeded", "", 1, 1},
		{"write then nonsense", []string{"look-up"}, "running verifying succeeded", "", 1, 1},
		{"reset", []string{"look-up"}, "running verifying succeeded", "", 1, 2},
		{"reset,write then 500", []string{"look-up"}, "running verifying succeeded", "", 1, 2},
		// A refusal that may have stored the contact is looked up before it is believed.
		{"write then 422", []string{"look-up"}, "running verifying succeeded", "", 1, 1},
		// Nothing settles it.
		{"write then reset", []string{"neither"}, "running verifying unknown", fault.OutcomeUnknown, 1, 1},
		{"reset", []string{"neither"}, "running verifying unknown", fault.OutcomeUnknown, 0, 1},
	} {
		for _, kind := range c.kinds {
			t.Run(c.moods+"/"+kind, func(t *testing.T) {
				t.Parallel()
				r := newRig(spec(lag, kinds[kind]), func(r *rig) {
					r.crm.lag, r.crm.unique = lag, kind == "unique"
					r.crm.byKey = map[string]string{}
					if c.moods != "" {
						r.crm.moods = strings.Split(c.moods, ",")
					}
				})
				j := r.run(t)
				if diff := cmp.Diff(strings.Fields(c.trail), r.trail); diff != "" {
					t.Errorf("states (-want +got):\n%s", diff)
				}
				var got fault.Kind
				if j.Error != nil {
					got = j.Error.Kind
				}
				if got != c.kind || len(r.crm.records) != c.records || r.crm.creates != c.creates {
					t.Errorf("kind %q, %d records, %d creates; want %q, %d, %d\ncalls: %v\njob: %+v",
						got, len(r.crm.records), r.crm.creates, c.kind, c.records, c.creates, r.crm.calls, j.Error)
				}
				if j.Status == job.Succeeded && (j.Outcome != job.Created || j.RemoteID != r.crm.records[0].ID || r.result.Contact.ID != j.RemoteID) {
					t.Errorf("outcome %s of %s, result %+v", j.Outcome, j.RemoteID, r.result)
				}
			})
		}
	}
}

func TestAWorkerThatDiedWhileSending(t *testing.T) {
	t.Parallel()
	for _, applied := range []bool{true, false} {
		r := newRig(spec(10*time.Second, nil), func(r *rig) { r.crm.lag = 10 * time.Second })
		start := r.now
		r.crash(applied)
		j := r.run(t)
		if j.Status != job.Succeeded || len(r.crm.records) != 1 {
			t.Fatalf("applied %v: %s with %d records: %+v", applied, j.Status, len(r.crm.records), j.Error)
		}
		// Nobody saw the call end: it may be sent again only once its fence,
		// its time-out and the index lag are over.
		if resent := start.Add(27*time.Second + 10*time.Second); !applied && r.now.Before(resent) {
			t.Errorf("sent again after %v", r.now.Sub(start))
		}
	}
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(r *rig)
		status job.Status
		kind   fault.Kind
		made   int // creates that were sent
	}{
		"an older record of the same person is not ours": {func(r *rig) {
			r.crm.records = []record{{ID: "old", Email: "ada@example.com", First: "Ada", At: r.now.Add(-time.Hour)}}
		}, job.Succeeded, "", 2},
		"a fresh record with other fields proves nothing": {func(r *rig) {
			r.crm.records = []record{{ID: "x", Email: "ada@example.com", First: "Eva", At: r.now}}
		}, job.Unknown, fault.OutcomeUnknown, 1},
		"a fresh record that another job holds is not ours": {func(r *rig) {
			r.crm.records = []record{{ID: "x", Email: "ada@example.com", First: "Ada", At: r.now}}
			r.owners["x"] = "job_2"
		}, job.Succeeded, "", 2},
		"two fresh records prove nothing": {func(r *rig) {
			r.crm.records = []record{{ID: "x", Email: "ada@example.com", First: "Ada", At: r.now}, {ID: "y", Email: "ada@example.com", First: "Ada", At: r.now}}
		}, job.Unknown, fault.OutcomeUnknown, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(spec(0, nil), func(r *rig) { r.crm.moods = []string{"reset"}; c.before(r) })
			j := r.run(t)
			if j.Status != c.status || r.crm.creates != c.made || c.kind != "" && j.Error.Kind != c.kind {
				t.Errorf("%s after %d creates: %+v", j.Status, r.crm.creates, j.Error)
			}
			if j.Status == job.Unknown && len(j.Error.Candidates) == 0 {
				t.Error("no candidates are named")
			}
		})
	}
}

// TestARefusalAboutAnotherRecord: the id that we chose is free, but the CRM has
// the person under another one.
func TestARefusalAboutAnotherRecord(t *testing.T) {
	t.Parallel()
	r := newRig(spec(0, kindClientID), func(r *rig) {
		r.crm.unique, r.crm.moods = true, []string{"reset"}
		r.crm.records = []record{{ID: "old", Email: "ada@example.com", First: "Ada", At: r.now.Add(-time.Hour)}}
	})
	if j := r.run(t); j.Status != job.Failed || j.Error.Kind != fault.Duplicate || j.Error.RemoteID != "old" {
		t.Errorf("%s: %+v", j.Status, j.Error)
	}
}

// TestALookUpWithoutTimes: what the look-up does not tell is read.
func TestALookUpWithoutTimes(t *testing.T) {
	t.Parallel()
	bare := spec(0, func(s *connector.Spec) {
		decode := s.Find[0].Decode
		s.Find[0].Decode = func(c *connector.Call, r connector.Reply) ([]contact.Contact, error) {
			list, err := decode(c, r)
			for i := range list {
				list[i] = contact.Contact{ID: list[i].ID, EmailAddresses: list[i].EmailAddresses}
			}
			return list, err
		}
	})
	r := newRig(bare, func(r *rig) { r.crm.moods = []string{"write then reset"} })
	if j := r.run(t); j.Status != job.Succeeded || r.crm.creates != 1 {
		t.Errorf("%s after %d creates: %+v", j.Status, r.crm.creates, j.Error)
	}
}

func TestAnOlderMatchOfAUniqueFieldIsADuplicate(t *testing.T) {
	t.Parallel()
	r := newRig(spec(0, kindUnique), func(r *rig) {
		r.crm.unique = true
		r.crm.moods = []string{"reset"}
		r.crm.records = []record{{ID: "old", Email: "ada@example.com", First: "Ada", At: r.now.Add(-time.Hour)}}
	})
	j := r.run(t)
	if j.Status != job.Failed || j.Error.Kind != fault.Duplicate || j.Error.RemoteID != "old" {
		t.Errorf("%s: %+v", j.Status, j.Error)
	}
}

// TestARefusalThatTheIndexDoesNotShowYet: the create was stored, its repeat is
// refused without an id, and the look-up lags.
func TestARefusalThatTheIndexDoesNotShowYet(t *testing.T) {
	t.Parallel()
	lagging := spec(time.Minute, func(s *connector.Spec) {
		kindUnique(s)
		parse := s.Errors.Parse
		s.Errors.Parse = func(r connector.Reply) connector.VendorError {
			e := parse(r)
			e.RemoteID = ""
			return e
		}
	})
	r := newRig(lagging, func(r *rig) {
		r.crm.unique, r.crm.lag, r.crm.moods = true, time.Minute, []string{"write then reset"}
	})
	if j := r.run(t); j.Status != job.Succeeded || j.Outcome != job.Created || len(r.crm.records) != 1 {
		t.Errorf("%s %s: %+v", j.Status, j.Outcome, j.Error)
	}
}

func TestOnDuplicate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind    func(*connector.Spec)
		on      job.OnDuplicate
		status  job.Status
		outcome job.Outcome
		creates int
	}{
		"native fail":     {kindUnique, job.DuplicateFails, job.Failed, "", 1},
		"native return":   {kindUnique, job.ReturnExisting, job.Succeeded, job.Matched, 1},
		"native update":   {kindUnique, job.UpdateDuplicate, job.Succeeded, job.Updated, 1},
		"look-up fail":    {nil, job.DuplicateFails, job.Succeeded, job.Created, 1},
		"look-up return":  {nil, job.ReturnExisting, job.Succeeded, job.Matched, 0},
		"look-up update":  {nil, job.UpdateDuplicate, job.Succeeded, job.Updated, 0},
		"none there, yet": {nil, job.ReturnExisting, job.Succeeded, job.Created, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := spec(0, c.kind)
			s.Update = &connector.Operation{Decode: decode, Request: func(c *connector.Call) (connector.Request, error) {
				return connector.Request{Method: "PATCH", Path: "/contacts/" + c.RemoteID, Body: map[string]string{}}, nil
			}}
			r := newRig(s, func(r *rig) {
				r.crm.unique = s.Duplicates.Detection == connector.DetectNative
				r.j.OnDuplicate = c.on
				if name != "none there, yet" {
					r.crm.records = []record{{ID: "old", Email: "ada@example.com", First: "Ada", At: r.now.Add(-time.Hour)}}
				}
			})
			j := r.run(t)
			if j.Status != c.status || j.Outcome != c.outcome || r.crm.creates != c.creates {
				t.Errorf("%s %s after %d creates: %+v", j.Status, j.Outcome, r.crm.creates, j.Error)
			}
			if c.status == job.Failed && j.Error.RemoteID != "old" {
				t.Errorf("the duplicate names %q", j.Error.RemoteID)
			}
			if j.Outcome == job.Matched || j.Outcome == job.Updated {
				if j.RemoteID != "old" || r.result.Contact.FirstName != "Ada" {
					t.Errorf("result %+v", r.result)
				}
			}
		})
	}
}

func TestCancelAndExpiry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(r *rig)
		status job.Status
		kind   fault.Kind
		made   int
	}{
		"cancelled before anything was sent": {func(r *rig) { r.j.CancelRequested = true }, job.Cancelled, fault.Cancelled, 0},
		"expired before anything was sent":   {func(r *rig) { r.now = r.now.Add(2 * time.Hour) }, job.Failed, fault.Expired, 0},
		"expires while the CRM is down": {func(r *rig) {
			r.crm.moods = slices.Repeat([]string{"refused"}, 200)
		}, job.Failed, fault.Expired, -1},
		"expires in doubt": {func(r *rig) {
			r.runner.CRMs = catalogue{spec(3*time.Hour, nil)}
			r.crm.moods = []string{"reset"}
		}, job.Unknown, fault.OutcomeUnknown, 1},
		"gives up a request that gets lost again and again": {func(r *rig) {
			r.crm.moods = slices.Repeat([]string{"reset"}, 20)
		}, job.Failed, fault.Unavailable, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(spec(0, nil), c.before)
			j := r.run(t)
			if j.Status != c.status || j.Error == nil || j.Error.Kind != c.kind || c.made >= 0 && r.crm.creates != c.made {
				t.Errorf("%s after %d creates: %+v", j.Status, r.crm.creates, j.Error)
			}
		})
	}
}

func TestUnsupportedFieldsAreWarnings(t *testing.T) {
	t.Parallel()
	r := newRig(spec(0, nil), func(r *rig) { r.in.Tags = []contact.Tag{{Name: "VIP"}} })
	j := r.run(t)
	if len(j.Warnings) != 1 || j.Warnings[0].Field != "tags" || j.Warnings[0].Code != "unsupported" {
		t.Errorf("warnings = %v", j.Warnings)
	}
}

func TestTheTimelineTellsTheStory(t *testing.T) {
	t.Parallel()
	r := newRig(spec(0, nil), func(r *rig) { r.crm.moods = []string{"429", "reset"} })
	j := r.run(t)
	var story []string
	for _, a := range j.Timeline {
		story = append(story, a.Result+">"+string(a.Then))
	}
	want := []string{"rate_limited>waiting", "outcome_unknown>verifying", "outcome_unknown>verifying", "created>succeeded"}
	if diff := cmp.Diff(want, story); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
	if j.Durations.Pace < 29_000 || j.Durations.Verify < 900 {
		t.Errorf("durations = %+v", j.Durations)
	}
}
