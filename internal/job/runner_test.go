package job_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/job"
)

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

// TestRepeatsInDoubtGetRarer: a CRM that still works on the first request is
// not pressed for its answer.
func TestRepeatsInDoubtGetRarer(t *testing.T) {
	t.Parallel()
	r := newRig(spec(0, kindKey), func(r *rig) {
		r.crm.byKey, r.crm.moods = map[string]string{}, append([]string{"write then reset"}, slices.Repeat([]string{"busy"}, 8)...)
	})
	if j := r.run(t); j.Status != job.Succeeded || len(r.crm.records) != 1 {
		t.Fatalf("%s with %d records: %+v", j.Status, len(r.crm.records), j.Error)
	}
	var pauses []int
	for i, at := range r.crm.sent[1:] {
		pauses = append(pauses, int(at.Sub(r.crm.sent[i]).Round(time.Second).Seconds()))
	}
	if diff := cmp.Diff([]int{1, 2, 4, 8, 16, 32, 60, 60, 60}, pauses); diff != "" {
		t.Errorf("pauses in seconds (-want +got):\n%s", diff)
	}
}

// TestTwins: of two records that look alike, one turns out to be another job's
// while there is time to look again.
func TestTwins(t *testing.T) {
	t.Parallel()
	r := newRig(spec(outcomeLag, kindLookUp), func(r *rig) {
		moods("write then reset")(r)
		there("twin", 0, "Ada", "")(r)
	})
	for range 2 { // the create, and the first look
		if err := r.attempt(); err != nil {
			t.Fatal(err)
		}
		r.wake()
	}
	r.owners["twin"] = "job_2"
	if j := r.run(t); j.Status != job.Succeeded || j.RemoteID == "twin" || r.crm.creates != 1 {
		t.Errorf("%s with record %s after %d creates: %+v", j.Status, j.RemoteID, r.crm.creates, j.Error)
	}
}
