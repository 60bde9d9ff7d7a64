package job_test

import (
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/job"
)

// withNote gives the CRM a follow-up call.
func withNote(idempotent, check bool) func(*connector.Spec) {
	return func(s *connector.Spec) {
		s.Follow = func(c *connector.Call, created contact.Contact) []connector.Step {
			step := connector.Step{
				ID: "note", Path: "description", Idempotent: idempotent,
				Request: connector.Request{Method: "POST", Path: "/notes", Body: map[string]string{"on": created.ID}},
				Done:    func(out *contact.Contact) { out.Description = "noted" },
			}
			if check {
				step.Check = &connector.Check{
					Request: connector.Request{Method: "GET", Path: "/notes"},
					Applied: func(r connector.Reply) (bool, error) {
						n, err := connector.DecodeJSON[struct{ Count int }](r)
						return n.Count > 0, err
					},
				}
			}
			return []connector.Step{step}
		}
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		idempotent, check bool
		steps             string
		noted             int
		warning           string
	}{
		"taken":                           {false, false, "", 1, ""},
		"refused is a warning":            {false, false, "400", 0, "bad_note"},
		"limited, then taken":             {false, false, "429", 1, ""},
		"lost without a check":            {false, false, "write then reset", 1, "outcome_unknown"},
		"lost, and the check finds it":    {false, true, "write then reset", 1, ""},
		"lost, and the check misses it":   {false, true, "reset", 1, ""},
		"lost, but harmless to repeat":    {true, false, "reset", 1, ""},
		"repeated where that is harmless": {true, false, "write then reset", 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(spec(0, withNote(c.idempotent, c.check)), func(r *rig) { r.crm.steps = []string{c.steps} })
			j := r.run(t)
			if j.Status != job.Succeeded || r.crm.creates != 1 || len(r.crm.noted) != c.noted {
				t.Fatalf("%s, %d creates, %d notes: %+v", j.Status, r.crm.creates, len(r.crm.noted), j.Error)
			}
			if c.warning == "" && (len(j.Warnings) != 0 || r.result.Contact.Description != "noted") {
				t.Errorf("warnings %v, result %+v", j.Warnings, r.result.Contact)
			}
			if c.warning != "" && (len(j.Warnings) != 1 || j.Warnings[0].Code != c.warning || j.Warnings[0].Field != "description") {
				t.Errorf("warnings %v", j.Warnings)
			}
		})
	}
}

func TestACrashBetweenCreateAndFollowNeverCreatesAgain(t *testing.T) {
	t.Parallel()
	r := newRig(spec(0, withNote(false, true)), nil)
	_, _ = r.crm.store(record{Email: "ada@example.com", First: "Ada", At: r.now}, false)
	found := r.crm.records[0].contact()
	r.j.Attempt, r.j.Epoch = 1, 2
	r.j.Journal = job.Journal{Phase: job.Completed, SentAt: r.now, Found: &found, Steps: map[string]string{"note": "sending"}}
	r.crm.noted = []string{"note"}
	j := r.run(t)
	if j.Status != job.Succeeded || r.crm.creates != 0 || len(r.crm.noted) != 1 || j.RemoteID != "r1" {
		t.Errorf("%s, %d creates, %v notes, %s", j.Status, r.crm.creates, r.crm.noted, j.RemoteID)
	}
}
