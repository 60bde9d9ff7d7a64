package job

import (
	"context"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// settle writes down what an attempt came to.
func (t *task) settle(ctx context.Context, f *fault.Error) error {
	now := t.now()
	v := Next(t.Policy, *t.j, f, now, t.Spread())
	if v.Status == Verifying && t.wait > 0 {
		v.At = now.Add(t.wait)
	}
	t.apply(v, f, now)
	if !t.j.Status.Terminal() {
		return t.rest(ctx, v)
	}
	var result *Result
	if t.j.Status == Succeeded {
		result = t.kept
	}
	err := t.insist(ctx, func(ctx context.Context) error { return t.Records.Finish(ctx, *t.j, result) })
	if err != nil {
		return err
	}
	t.Observer.Finished(*t.j)
	return nil
}

// rest puts the job where it waits: record first, then its place in line.
func (t *task) rest(ctx context.Context, v Verdict) error {
	t.j.Place = OnTimer
	if v.InLine {
		t.j.Place = InLine
		if t.turn == "" { // whoever holds the contact decides how it waits
			t.j.NextAttemptAt = time.Time{}
		}
	}
	err := t.insist(ctx, func(ctx context.Context) error { return t.Records.Save(ctx, *t.j, t.kept) })
	if err != nil || !v.InLine {
		return err
	}
	return t.Line.Join(ctx, t.j.Waiter())
}

// release lets the job go as it is, to be taken up again at once. It is no
// attempt and costs none.
func (t *task) release(ctx context.Context) error {
	t.j.spend(t.now())
	t.j.Place, t.j.NextAttemptAt = OnTimer, t.now()
	if t.j.Status == Running {
		t.j.Status, t.j.WaitingFor = Waiting, ForRetry
	}
	return t.insist(ctx, func(ctx context.Context) error { return t.Records.Save(ctx, *t.j, t.kept) })
}

// apply turns a verdict into the job's new state.
func (t *task) apply(v Verdict, f *fault.Error, now time.Time) {
	j := t.j
	j.spend(now)
	paced := f != nil && f.Paced
	a := Attempt{Number: j.Attempt, StartedAt: t.began, EndedAt: now, Step: t.step, Then: v.Status, Waiting: v.WaitingFor}
	if f == nil {
		a.Result = string(t.how)
	} else {
		a.Result, a.Code, a.Remote = string(f.Kind), f.Code, f.Status
	}
	if !paced {
		j.record(a)
	}
	if v.Charge {
		j.Failures++
	}
	if v.Setback {
		j.Setbacks++
	} else if f == nil || !f.NotApplied() && !paced {
		j.Setbacks = 0
	}
	if v.Status == Verifying && j.Journal.UnknownAt.IsZero() {
		j.Journal.UnknownAt, j.Journal.Fault = now, f
	}
	j.Status, j.NextAttemptAt, j.WaitingFor = v.Status, v.At, v.WaitingFor
	if !paced || v.Status.Terminal() {
		j.Error = v.Error
	}
	if v.Status.Terminal() {
		t.end(now)
	}
	if !paced {
		t.Observer.Attempted(*j, a)
	}
}

// end completes the fields of a terminal job and forgets its journal.
func (t *task) end(now time.Time) {
	j := t.j
	j.FinishedAt, j.NextAttemptAt, j.WaitingFor = now, time.Time{}, ""
	if j.Status == Succeeded {
		j.Outcome = t.how
		j.RemoteID = t.kept.Contact.ID
	}
	j.Journal = Journal{}
}

// warn adds what the CRM did not take, each field once.
func (t *task) warn(more ...contact.Warning) {
	for _, w := range more {
		known := false
		for _, old := range t.j.Warnings {
			known = known || old == w
		}
		if !known {
			t.j.Warnings = append(t.j.Warnings, w)
		}
	}
}
