package api

import (
	"testing"
	"time"

	"crmferry/internal/job"
)

// narrow is a room that admits, or does not.
type narrow struct{ refuses bool }

const untilRoom = 41500 * time.Millisecond

func (n narrow) Admit(job.Work) error {
	if n.refuses {
		return &job.Full{RetryAfter: untilRoom}
	}
	return nil
}

func (narrow) RetryAfter() time.Duration { return untilRoom }

// TestNoRoom: new work is refused, by admission or by the store itself; all
// else goes on.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		room  job.Room
		store error
		after string
	}{
		"admission refuses":               {narrow{refuses: true}, nil, "42"},
		"the store refuses":               {narrow{}, job.ErrFull, "42"},
		"the store refuses, nobody knows": {nil, job.ErrFull, "10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var jobs *job.Service
			h := newHarness(t, func(d *Deps) { jobs = d.Jobs })
			over, queued := h.create(t, "", ada).id(t), h.create(t, "", ada, "Idempotency-Key", "k").id(t)
			h.succeed(over, job.Created)
			jobs.Room = c.room
			h.jobs.full = c.store
			for _, a := range []answered{
				h.create(t, "", ada), h.create(t, "", ada, "Prefer", "wait=1"), h.ask(t, "POST", "/jobs/"+over+"/retry?accept_duplicate_risk=true", ""),
			} {
				a.wantStatus(t, 503)
				if got := a.Header().Get("Retry-After"); got != c.after || a.json["type"] != "/problems/unavailable" {
					t.Errorf("Retry-After %q: %s", got, a.Body)
				}
			}
			if again := h.create(t, "", ada, "Idempotency-Key", "k").wantStatus(t, 202); again.id(t) != queued {
				t.Errorf("a repeat with its key gives %s, not %s", again.id(t), queued)
			}
			h.create(t, "", `{"first_name":"Eve"}`, "Idempotency-Key", "k").wantStatus(t, 422)
			h.create(t, "&validate_only=true", ada).wantStatus(t, 200)
			h.ask(t, "GET", "/jobs", "").wantStatus(t, 200)
			h.ask(t, "GET", "/jobs/"+over, "").wantStatus(t, 200)
			h.ask(t, "GET", "/jobs/"+over+"/result", "").wantStatus(t, 200)
			h.ask(t, "POST", "/jobs/"+queued+"/cancel", "").wantStatus(t, 200)
			h.ask(t, "DELETE", "/jobs/"+over, "").wantStatus(t, 204)
		})
	}
}
