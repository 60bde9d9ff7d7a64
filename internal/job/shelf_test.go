package job_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// shelf keeps one job in memory, by a clock that the test moves.
type shelf struct {
	mu     sync.Mutex
	j      job.Job
	in     contact.Input
	result *job.Result
	now    time.Time
	owners map[string]string
	trail  []string // the states that the job passed through
	joined []job.Waiter
	left   []string
	proof  *contact.Contact // what workers knew that lost the job
	absent int64
	// changed is when the master of the store was replaced.
	changed time.Time
}

func (s *shelf) Claim(_ context.Context, ref job.Ref, _ time.Duration) (job.Claimed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ref.Epoch != s.j.Epoch || s.j.Place != job.InQueue {
		return job.Claimed{}, job.ErrStale
	}
	s.j.Attempt++
	s.j.Place = job.AtWorker
	if s.j.Status != job.Verifying {
		s.j.Status = job.Running
	}
	s.note()
	return job.Claimed{Job: clone(s.j), Input: s.in, Kept: s.result, Proof: s.proof, Absent: s.absent, Changed: s.changed, Now: s.now}, nil
}

func (s *shelf) ClaimInLine(context.Context, string, time.Duration) (job.Claimed, error) {
	return job.Claimed{}, job.ErrStale
}

func (s *shelf) current(j job.Job) bool {
	return j.Epoch == s.j.Epoch && j.Attempt == s.j.Attempt && s.j.Place == job.AtWorker
}

func (s *shelf) Save(_ context.Context, j job.Job, r *job.Result) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.current(j) {
		return job.ErrStale
	}
	j.CancelRequested = s.j.CancelRequested // not the worker's to write
	s.j = clone(j)
	if r != nil {
		s.result = r
	}
	s.note()
	return nil
}

func (s *shelf) Finish(_ context.Context, j job.Job, r *job.Result) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.current(j) {
		return job.ErrStale
	}
	if j.Status == job.Unknown && s.proof != nil {
		s.j.Place = job.OnTimer
		return job.ErrStale
	}
	s.j, s.result = clone(j), r
	s.j.Place = ""
	s.note()
	return nil
}

func (s *shelf) Testify(_ context.Context, j job.Job, proof *job.Result) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if proof == nil {
		s.absent = j.Attempt
		return nil
	}
	s.proof = &proof.Contact
	if s.j.Status == job.Unknown {
		s.j, s.result = s.j.Proven(j, *proof), proof
		s.note()
	}
	return nil
}

func (s *shelf) Join(_ context.Context, w job.Waiter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joined = append(s.joined, w)
	return nil
}

func (s *shelf) Leave(_ context.Context, w job.Waiter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = append(s.left, w.ID)
	return nil
}

func (s *shelf) Has(context.Context, job.Waiter) (bool, error) { return true, nil }

// cancel is the caller's: it ends a job of which nothing was sent, and asks the
// worker to end another.
func (s *shelf) cancel() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.j.Place == job.AtWorker || s.j.Journal.Phase != job.Fresh {
		s.j.CancelRequested = true
		return
	}
	s.j.Status, s.j.Place, s.j.Error = job.Cancelled, "", fault.New(fault.Cancelled, "cancelled", "x")
	s.note()
}

// note adds the job's state to the trail, with what it waits for and how long
// where that is known.
func (s *shelf) note() {
	state := string(s.j.Status)
	if s.j.Status == job.Waiting {
		why := string(s.j.WaitingFor)
		if !s.j.NextAttemptAt.IsZero() {
			why += fmt.Sprint(" ", s.j.NextAttemptAt.Sub(s.now).Round(500*time.Millisecond))
		}
		state += "(" + why + ")"
	}
	if n := len(s.trail); n == 0 || s.trail[n-1] != state {
		s.trail = append(s.trail, state)
	}
}

func (s *shelf) Owners(context.Context, string, []string) (map[string]string, error) {
	return s.owners, nil
}

func (s *shelf) Own(_ context.Context, _, id, j string) (bool, error) {
	if owner := s.owners[id]; owner != "" && owner != j {
		return false, nil
	}
	s.owners[id] = j
	return true, nil
}

func (s *shelf) Drop(context.Context, job.Job) error { return job.ErrStale }

// clone goes through JSON, as a real store does.
func clone(j job.Job) job.Job {
	raw, err := json.Marshal(j.State)
	if err != nil {
		panic(err)
	}
	j.State = job.State{}
	if err := json.Unmarshal(raw, &j.State); err != nil {
		panic(err)
	}
	return j
}
