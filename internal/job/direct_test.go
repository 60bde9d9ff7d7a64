package job_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/job"
)

// line is a backlog in memory.
type line struct {
	mu   sync.Mutex
	jobs []job.Due
}

func (l *line) Take(_ context.Context, limit int) ([]job.Due, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(limit, len(l.jobs))
	taken := l.jobs[:n]
	l.jobs = l.jobs[n:]
	return taken, nil
}

// directRig is a Direct whose store is full at the test's word.
type directRig struct {
	*job.Direct
	line    *line
	full    atomic.Bool
	changes chan bool
	stop    chan struct{}
	ended   chan struct{}
}

func newDirectRig(t *testing.T, jobs int, carry func(context.Context, job.Ref) error) *directRig {
	r := &directRig{line: &line{}, changes: make(chan bool, 10), stop: make(chan struct{}), ended: make(chan struct{})}
	for i := range jobs {
		place := job.InQueue
		if i == 0 {
			place = job.AtWorker
		}
		r.line.jobs = append(r.line.jobs, job.Due{Ref: job.Ref{ID: string(rune('a' + i)), Epoch: 2}, Place: place})
	}
	r.Direct = &job.Direct{
		Backlog: r.line, Full: func(context.Context) (bool, error) { return r.full.Load(), nil }, Carry: carry,
		Limit: 3, Every: time.Millisecond, Calm: 5 * time.Millisecond, Timeout: time.Minute, Patience: time.Minute,
		Changed: func(on bool) { r.changes <- on }, Healed: func(job.Ref, string) {}, Failed: func(err error) { t.Error(err) },
	}
	return r
}

func (r *directRig) start() {
	go func() {
		defer close(r.ended)
		r.Loop(r.stop)
	}()
}

func soon[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func TestDirectWorksOnlyWhileTheStoreIsFull(t *testing.T) {
	t.Parallel()
	carried, healed := make(chan string, 10), make(chan string, 10)
	r := newDirectRig(t, 8, func(_ context.Context, ref job.Ref) error { carried <- ref.ID; return nil })
	r.Healed = func(ref job.Ref, reason string) { healed <- ref.ID + " " + reason }
	looked := make(chan struct{}, 1)
	r.Full = func(context.Context) (bool, error) {
		select {
		case looked <- struct{}{}:
		default:
		}
		return r.full.Load(), nil
	}
	r.start()
	soon(t, looked)
	soon(t, looked) // a whole round has passed
	if len(carried) != 0 {
		t.Error("took jobs though there is room")
	}
	r.full.Store(true)
	got := map[string]bool{}
	for range 8 {
		got[soon(t, carried)] = true
	}
	if len(got) != 8 {
		t.Errorf("carried %v", got)
	}
	r.full.Store(false)
	close(healed)
	if diff := cmp.Diff([]bool{true, false}, []bool{soon(t, r.changes), soon(t, r.changes)}); diff != "" {
		t.Error(diff)
	}
	if h := <-healed; h != "a "+job.HealedLease {
		t.Errorf("healed %q", h)
	}
	close(r.stop)
	soon(t, r.ended)
}

func TestDirectKeepsTheLimitTogetherWithTheQueue(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	gate, begun := make(chan struct{}), make(chan struct{}, 20)
	r := newDirectRig(t, 8, func(context.Context, job.Ref) error {
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		begun <- struct{}{}
		<-gate
		now.Add(-1)
		return nil
	})
	var tasks sync.WaitGroup
	for range 4 {
		tasks.Go(func() { _ = r.Run(t.Context(), job.Ref{ID: "task"}) })
	}
	for range 3 {
		soon(t, begun)
	}
	r.full.Store(true)
	r.start()
	soon(t, r.changes)
	if len(begun) != 0 {
		t.Error("more than the limit")
	}
	close(gate)
	for range 9 {
		soon(t, begun)
	}
	tasks.Wait()
	close(r.stop)
	soon(t, r.ended)
	if most.Load() != 3 {
		t.Errorf("%d at once", most.Load())
	}
}

func TestDirectWaitsForItsJobsAtTheEnd(t *testing.T) {
	t.Parallel()
	for name, patience := range map[string]time.Duration{"until they end": time.Minute, "as long as there is patience": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun, gate, cut := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			r := newDirectRig(t, 1, func(ctx context.Context, _ job.Ref) error {
				close(begun)
				select {
				case <-gate:
				case <-ctx.Done():
				}
				cut <- ctx.Err()
				return nil
			})
			r.Patience = patience
			r.full.Store(true)
			r.start()
			soon(t, begun)
			close(r.stop)
			if patience < time.Second {
				soon(t, r.ended)
				if err := soon(t, cut); !errors.Is(err, context.Canceled) {
					t.Errorf("cut off with %v", err)
				}
				return
			}
			close(gate)
			soon(t, r.ended)
			if err := soon(t, cut); err != nil {
				t.Errorf("cut off with %v", err)
			}
		})
	}
}

// TestDirectLeavesLeasesAloneThatRanOutWhileTheStoreWasAway: the workers that
// hold them come first.
func TestDirectLeavesLeasesAloneThatRanOutWhileTheStoreWasAway(t *testing.T) {
	t.Parallel()
	r := newDirectRig(t, 2, func(context.Context, job.Ref) error { t.Error("taken"); return nil })
	looks := make(chan int)
	n := 0
	r.Full = func(ctx context.Context) (bool, error) {
		n++
		select {
		case looks <- n:
		case <-r.stop:
		}
		if n == 1 {
			return false, errors.New("down")
		}
		return true, nil
	}
	r.start()
	for range 5 {
		soon(t, looks)
	}
	close(r.stop)
	soon(t, r.ended)
}
