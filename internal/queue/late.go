package queue

import (
	"context"
	"sync"
	"time"

	"crmferry/internal/job"
)

const (
	// latePause is how long Redis is left alone after it refused a task.
	latePause = 500 * time.Millisecond
	// lateFor is when a task is left to the reaper, which looks by then.
	lateFor = 30 * time.Second
	// lateMost bounds the tasks that wait here; the reaper has the others.
	lateMost = 10_000
)

// late are the tasks that Redis did not take. Their records stand, and the
// reaper would find them, but only when it looks at them: an outage of a second
// would cost the jobs half a minute.
type late struct {
	mu      sync.Mutex
	tasks   []lateTask
	running bool
}

type lateTask struct {
	ref   job.Ref
	until time.Time
}

func (q *Queue) later(ref job.Ref) {
	l := &q.late
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tasks) == lateMost {
		return
	}
	l.tasks = append(l.tasks, lateTask{ref, time.Now().Add(lateFor)})
	if !l.running {
		l.running = true
		go q.catchUp()
	}
}

// catchUp enqueues what is late, in order, and ends when nothing is. It has no
// other end: with the process the tasks are the reaper's.
func (q *Queue) catchUp() {
	pause := time.NewTicker(latePause)
	defer pause.Stop()
	for t, ok := q.late.first(); ok; t, ok = q.late.first() {
		if time.Now().After(t.until) || q.enqueue(context.Background(), t.ref) == nil {
			q.late.drop()
			continue
		}
		<-pause.C
	}
}

// first gives the task that has waited longest; where there is none, the one
// who asks has to end.
func (l *late) first() (t lateTask, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tasks) == 0 {
		l.running = false
		return lateTask{}, false
	}
	return l.tasks[0], true
}

func (l *late) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tasks = l.tasks[1:]
}
