package api

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"crmferry/internal/account"
	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/job"
	"crmferry/internal/pace"
)

// memory keeps jobs for tests, by the rules of job.Store and job.Queue.
type memory struct {
	mu      sync.Mutex
	count   int
	jobs    map[string]job.Job
	order   []string
	inputs  map[string]contact.Input
	results map[string]job.Result
	keys    map[string]string // tenant, account and key -> job id
	prints  map[string]string // job id -> fingerprint
	ends    map[string][]chan struct{}
	queued  []job.Ref
	// onEnqueue, where set, is called with each new task.
	onEnqueue func(job.Ref)
	// broken, where set, is the answer to every read and write.
	broken error
	// full, where set, is the answer to every new job.
	full error
}

func newMemory() *memory {
	return &memory{
		jobs: map[string]job.Job{}, inputs: map[string]contact.Input{}, results: map[string]job.Result{},
		keys: map[string]string{}, prints: map[string]string{}, ends: map[string][]chan struct{}{},
	}
}

func (m *memory) locked() func() {
	m.mu.Lock()
	return m.mu.Unlock
}

func (m *memory) NewID(job.Acceptance) string {
	defer m.locked()()
	m.count++
	return fmt.Sprintf("job_%04d", m.count)
}

func (m *memory) Accept(_ context.Context, a job.Acceptance) (job.Ref, string, bool, error) {
	defer m.locked()()
	if m.broken != nil {
		return job.Ref{}, "", false, m.broken
	}
	if m.full != nil {
		return job.Ref{}, "", false, m.full
	}
	key := fmt.Sprintf("%q", []string{a.Tenant, a.AccountID, a.IdempotencyKey})
	if id, taken := m.keys[key]; taken && a.IdempotencyKey != "" {
		return m.jobs[id].Ref(), m.prints[id], false, nil
	}
	j := a.Job()
	j.Epoch = 1
	m.jobs[j.ID], m.inputs[j.ID], m.prints[j.ID], m.keys[key] = j, a.Input, a.Fingerprint, j.ID
	m.order = append(m.order, j.ID)
	return j.Ref(), a.Fingerprint, true, nil
}

func (m *memory) Enqueue(_ context.Context, ref job.Ref) error {
	release := m.locked()
	m.queued = append(m.queued, ref)
	work := m.onEnqueue
	release()
	if work != nil {
		work(ref)
	}
	return nil
}

func (m *memory) find(tenant, id string) (job.Job, error) {
	j, ok := m.jobs[id]
	switch {
	case m.broken != nil:
		return job.Job{}, m.broken
	case !ok || j.Tenant != tenant:
		return job.Job{}, job.ErrNotFound
	default:
		return j, nil
	}
}

func (m *memory) Get(_ context.Context, tenant, id string) (job.Job, error) {
	defer m.locked()()
	return m.find(tenant, id)
}

func (m *memory) Result(_ context.Context, tenant, id string) (job.Result, error) {
	defer m.locked()()
	if _, err := m.find(tenant, id); err != nil {
		return job.Result{}, err
	}
	r, ok := m.results[id]
	if !ok {
		return job.Result{}, job.ErrGone
	}
	return r, nil
}

func (m *memory) Input(_ context.Context, tenant, id string) (contact.Input, error) {
	defer m.locked()()
	if _, err := m.find(tenant, id); err != nil {
		return contact.Input{}, err
	}
	return m.inputs[id], nil
}

// List pages by the number of the job; it filters by account and status.
func (m *memory) List(_ context.Context, tenant string, f job.Filter) (job.Page, error) {
	defer m.locked()()
	var page job.Page
	for _, id := range slices.Backward(m.order) {
		j := m.jobs[id]
		wanted := j.Tenant == tenant && (f.AccountID == "" || j.AccountID == f.AccountID) && (f.Status == "" || j.Status == f.Status)
		if !wanted || f.Cursor != "" && id >= f.Cursor {
			continue
		}
		if len(page.Jobs) == f.Limit {
			page.Next = page.Jobs[f.Limit-1].ID
			break
		}
		page.Jobs = append(page.Jobs, j)
	}
	return page, m.broken
}

func (m *memory) Cancel(_ context.Context, tenant, id string, f *fault.Error) (bool, error) {
	defer m.locked()()
	j, err := m.find(tenant, id)
	switch {
	case err != nil:
		return false, err
	case j.Status.Terminal():
		return false, job.ErrTerminal
	case j.Place == job.AtWorker:
		j.CancelRequested = true
	default:
		j.Status, j.Error = job.Cancelled, f
	}
	m.jobs[id] = j
	return j.Status.Terminal(), nil
}

func (m *memory) Link(_ context.Context, tenant, id, retriedAs string) error {
	defer m.locked()()
	j, err := m.find(tenant, id)
	j.RetriedAs = retriedAs
	m.jobs[id] = j
	return err
}

func (m *memory) Delete(_ context.Context, tenant, id string) error {
	defer m.locked()()
	j, err := m.find(tenant, id)
	if err == nil && !j.Status.Terminal() {
		err = job.ErrNotTerminal
	}
	if err == nil {
		delete(m.jobs, id)
	}
	return err
}

func (m *memory) Watch(id string) (<-chan struct{}, func()) {
	defer m.locked()()
	ch := make(chan struct{}, 1)
	m.ends[id] = append(m.ends[id], ch)
	return ch, func() {}
}

// change sets a job's state, as a worker would, and tells who watches.
func (m *memory) change(id string, set func(*job.Job), r *job.Result) {
	defer m.locked()()
	j := m.jobs[id]
	set(&j)
	m.jobs[id] = j
	if r != nil {
		m.results[id] = *r
	}
	for _, ch := range m.ends[id] {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

func (m *memory) stored() int {
	defer m.locked()()
	return len(m.order)
}

func (m *memory) last() job.Job {
	defer m.locked()()
	return m.jobs[m.order[len(m.order)-1]]
}

func (m *memory) Has(context.Context, job.Ref) (bool, error) { return true, nil }

// Replay gives the job that a key belongs to.
func (m *memory) Replay(_ context.Context, a job.Acceptance) (job.Ref, string, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, ok := m.keys[fmt.Sprintf("%q", []string{a.Tenant, a.AccountID, a.IdempotencyKey})]
	return job.Ref{ID: id}, m.prints[id], ok && a.IdempotencyKey != "", nil
}

// gate sends jobs to a worker at once, unless their reference says otherwise.
type gate struct{}

func (gate) Enter(_ context.Context, b job.Base) (job.Entry, error) {
	if b.ClientRef == "one too many" {
		return job.Entry{}, &job.Refusal{Reason: job.ErrBacklog, RetryAfter: time.Second}
	}
	return job.Entry{Budget: b.AccountID, Lane: b.ClientRef != "waits"}, nil
}

func (gate) Join(context.Context, job.Waiter) error        { return nil }
func (gate) Leave(context.Context, job.Waiter) error       { return nil }
func (gate) Has(context.Context, job.Waiter) (bool, error) { return true, nil }

// pacemaker knows a budget of which some is used.
type pacemaker struct{}

func (pacemaker) Outlook(context.Context, account.Account, *connector.Spec, job.Job) (begins, ends time.Time, what job.WaitingFor, err error) {
	return clock().Add(time.Minute), clock().Add(2 * time.Minute), job.ForQuota, nil
}

func (pacemaker) State(context.Context, account.Account, *connector.Spec) (pace.State, error) {
	return pace.State{
		Now: clock(), NextAt: clock().Add(time.Minute), Concurrency: 5, Calls: 2, Waiting: 30, Accounts: 1, PerSecond: 10,
		Windows: []pace.WindowState{{Requests: 100, Per: 10 * time.Second, Used: 60}, {Requests: 900, Per: 24 * time.Hour, Used: 40, Quota: true}},
		Quotas: []pace.QuotaState{
			{Period: connector.Day, Requests: 1000, Used: 970, Reserved: 50, ResetsAt: clock().Add(time.Hour)}, {Period: connector.Rolling24},
		},
		FrozenUntil: clock().Add(time.Minute), FrozenFor: "pace", Refusals: 3,
	}, nil
}
