package app

import (
	"context"
	"time"

	"crmferry/internal/account"
	"crmferry/internal/connector"
	"crmferry/internal/job"
	"crmferry/internal/pace"
)

// pacing is where jobs and the API meet the pace: it knows the limits of an
// account and speaks to the lines.
type pacing struct {
	pacer    *pace.Pacer
	accounts *account.Service
	// crowd says how many jobs a tenant has under way, most how many it may.
	crowd *gauges
	most  int64
}

func member(w job.Waiter) pace.Member {
	m := pace.Member{Job: w.ID, Account: w.Account, Budget: w.Budget, Arrived: w.Arrived, Priority: pace.Singles}
	switch {
	case w.Begun:
		m.Priority = pace.Begun
	case w.Import:
		m.Priority = pace.Imports
	}
	return m
}

// Enter says where a new job goes.
func (p pacing) Enter(ctx context.Context, b job.Base) (job.Entry, error) {
	a, spec, err := p.accounts.Describe(ctx, b.Tenant, b.AccountID)
	if err != nil {
		return job.Entry{}, err
	}
	// A count that cannot be read is no reason to refuse: what is wrong with the
	// store shows at the next step.
	if n, err := p.crowd.value(ctx, b.Tenant); err == nil && n >= p.most {
		return job.Entry{}, &job.Refusal{Reason: job.ErrBacklog, RetryAfter: crowdRetry}
	}
	limits := spec.Limits.With(a.Pace())
	b.Budget = limits.Budget(spec.ID, a.ID, a.App)
	e, err := p.pacer.Enter(ctx, member(job.Job{Base: b}.Waiter()), limits)
	switch {
	case err != nil:
		return job.Entry{}, err
	case e.Full:
		return job.Entry{}, p.backlog(ctx, a, spec, e.Waiting)
	}
	return job.Entry{Budget: b.Budget, Lane: e.Lane, Ahead: e.Waiting}, nil
}

// Budget names who shares the limits of an account, and has the pace know them.
func (p pacing) Budget(ctx context.Context, tenant, id string) (string, error) {
	a, spec, err := p.accounts.Describe(ctx, tenant, id)
	if err != nil {
		return "", err
	}
	_, err = p.State(ctx, a, spec)
	limits := spec.Limits.With(a.Pace())
	return limits.Budget(spec.ID, a.ID, a.App), err
}

// crowdRetry is how long a tenant waits that has too much under way: its
// accounts go at paces of their own.
const crowdRetry = 30 * time.Second

// The bounds of a suggested delay.
const (
	minRetry = time.Second
	maxRetry = 5 * time.Minute
)

// backlog is the refusal of a job of an account that has too many waiting: it
// may come again when a hundredth of them is done.
func (p pacing) backlog(ctx context.Context, a account.Account, spec *connector.Spec, waiting int64) error {
	wait := maxRetry
	if s, err := p.State(ctx, a, spec); err == nil {
		wait = min(max(s.Wait(waiting/100), minRetry), maxRetry)
	}
	return &job.Refusal{Reason: job.ErrBacklog, RetryAfter: wait}
}

// Join puts a job into its account's line.
func (p pacing) Join(ctx context.Context, w job.Waiter) error { return p.pacer.Join(ctx, member(w)) }

// Leave takes a job out of its line.
func (p pacing) Leave(ctx context.Context, w job.Waiter) error { return p.pacer.Leave(ctx, member(w)) }

// Has says whether a job is in line, or was just sent on.
func (p pacing) Has(ctx context.Context, w job.Waiter) (bool, error) {
	return p.pacer.Has(ctx, member(w))
}

// Outlook estimates when a job in line begins and ends; zero times where nobody
// can tell.
func (p pacing) Outlook(ctx context.Context, a account.Account, spec *connector.Spec, j job.Job) (begins, ends time.Time, what job.WaitingFor, err error) {
	o, ok, err := p.pacer.Outlook(ctx, member(j.Waiter()), j.Ahead, spec.Limits.With(a.Pace()))
	if err != nil || !ok {
		return time.Time{}, time.Time{}, j.WaitingFor, err
	}
	return o.Begins, o.Ends, job.WaitingFor(o.WaitingFor), nil
}

// State tells how an account's budget stands.
func (p pacing) State(ctx context.Context, a account.Account, spec *connector.Spec) (pace.State, error) {
	limits := spec.Limits.With(a.Pace())
	return p.pacer.State(ctx, limits.Budget(spec.ID, a.ID, a.App), a.ID, limits)
}
