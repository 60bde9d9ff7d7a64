package job

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// resolve finds out what became of a create whose outcome is unknown: by the
// CRM's own idempotency where it has one, else by looking. It never sends
// again before the first one is known to be absent.
func (t *task) resolve(ctx context.Context) error {
	t.j.Status = Verifying
	j := &t.j.Journal
	if j.UnknownAt.IsZero() { // the worker that sent it is gone
		j.UnknownAt = t.now()
	}
	if j.Suspect {
		return t.clear(ctx)
	}
	idem := t.s.Idempotency()
	switch idem.Kind {
	case connector.KeyHeader:
		if len(j.Draft) > 0 && t.now().Before(j.SentAt.Add(idem.Life-t.Timing.Margin)) {
			return t.resend(ctx)
		}
	case connector.ClientID, connector.ExternalKey, connector.UniqueField:
		return t.create(ctx)
	}
	return t.look(ctx)
}

// resend repeats the very bytes under the very key.
func (t *task) resend(ctx context.Context) error {
	t.step = connector.OpCreate
	var d connector.Draft
	if err := json.Unmarshal(t.j.Journal.Draft, &d); err != nil {
		return t.hopeless("the journal of the request cannot be read", nil)
	}
	a, err := t.s.Resend(ctx, d, t.mark(ctx))
	return t.sent(ctx, a, err)
}

// look asks the CRM for the record, and sends again only once it is surely absent.
func (t *task) look(ctx context.Context) error {
	t.step = connector.OpFind
	found, err := t.s.Find(ctx)
	switch {
	case errors.Is(err, connector.ErrCannotFind):
		return t.hopeless("the CRM offers no way to look this contact up", nil)
	case fault.KindOf(err) == fault.BadResponse && t.j.Journal.Looks < t.Policy.MaxFailures:
		return t.lookAgain(t.now().Add(t.Policy.LastLook)) // looking once more does no harm
	case err != nil && passing(err) == nil:
		return t.hopeless("the CRM refused to look the contact up: "+string(fault.KindOf(err)), nil)
	case err != nil:
		return err
	}
	if done, err := t.adopt(ctx, found); done || err != nil {
		return err
	}
	now, absent := t.now(), t.absentAt(found.Lag)
	if now.Before(absent) {
		return t.lookAgain(absent)
	}
	return t.absent(ctx)
}

// lookAgain keeps the job verifying: soon, and at the latest when an empty
// answer begins to count.
func (t *task) lookAgain(absent time.Time) error {
	t.j.Journal.Looks++
	t.wait = min(absent.Sub(t.now()), t.Policy.look(t.j.Journal.Looks))
	return t.stillUnknown()
}

// absentAt is the time from which an empty answer means that the create was
// not applied.
func (t *task) absentAt(lag time.Duration) time.Time {
	j, lag := t.j.Journal, time.Duration(float64(lag)*t.Timing.LagScale)
	if j.Fault == nil { // nobody saw the call end
		return j.Over.Add(lag)
	}
	return j.UnknownAt.Add(t.Timing.Margin + lag)
}

// absent goes on after a create that was not applied.
func (t *task) absent(ctx context.Context) error {
	cause, suspect := t.j.Journal.Fault, t.j.Journal.Suspect
	t.j.Journal = Journal{}
	t.prior = Journal{}
	if cause != nil && cause.MaybeApplied {
		refused := *cause
		refused.MaybeApplied = false
		return &refused
	}
	if t.j.CancelRequested {
		return fault.New(fault.Cancelled, "cancelled", "the job was cancelled")
	}
	if suspect {
		return t.begin(ctx)
	}
	t.j.Failures++
	if t.j.Failures >= t.Policy.MaxFailures {
		f := fault.New(fault.Unavailable, "gave_up", "the CRM lost the request several times; nothing was stored")
		f.Final = true
		return f
	}
	return t.create(ctx)
}

// stillUnknown is the fault that keeps the job verifying.
func (t *task) stillUnknown() error {
	if f := t.j.Journal.Fault; f != nil {
		kept := *f
		kept.Kind = fault.OutcomeUnknown
		return &kept
	}
	return fault.New(fault.OutcomeUnknown, "worker_lost", "the worker was lost while the request was under way")
}

// hopeless ends the job as unknown, and names the records that may be its work.
func (t *task) hopeless(why string, candidates []contact.Contact) error {
	f := fault.New(fault.OutcomeUnknown, "unresolvable", "the CRM may or may not hold the contact: "+why)
	f.Final = true
	for _, c := range candidates {
		f.Candidates = append(f.Candidates, c.ID)
	}
	return f
}

// adopt takes a found record for the job's own if the evidence says so.
func (t *task) adopt(ctx context.Context, found connector.Found) (done bool, err error) {
	ids := make([]string, 0, len(found.Matches))
	for _, m := range found.Matches {
		ids = append(ids, m.ID)
	}
	owners := map[string]string{}
	if len(ids) > 0 {
		if owners, err = t.Records.Owners(ctx, t.j.AccountID, ids); err != nil {
			return false, &storeError{err}
		}
	}
	if err := t.date(ctx, found.Matches, owners); err != nil {
		return false, err
	}
	e := weigh(found, t.in.Contact, t.evidence(owners))
	switch {
	case len(e.ours) == 1 && len(e.doubtful) == 0:
		return t.take(ctx, e.ours[0])
	case len(e.ours) > 1 && t.now().Before(t.absentAt(found.Lag)):
		// Jobs of the same contact: the others may hear which record is whose.
		return false, t.lookAgain(t.absentAt(found.Lag))
	case len(e.ours)+len(e.doubtful) > 0:
		return false, t.hopeless("what was found does not prove whose it is", append(e.ours, e.doubtful...))
	default:
		return false, nil
	}
}

// maxDated bounds how many matches are read for their time of creation.
const maxDated = 3

// date completes matches of which the look-up tells no time of creation, and
// that nobody holds, by reading them.
func (t *task) date(ctx context.Context, matches []contact.Contact, owners map[string]string) error {
	reads := 0
	for i, m := range matches {
		if m.CreatedAt != nil || owners[m.ID] != "" || t.spec.Read == nil || reads == maxDated {
			continue
		}
		reads++
		a, err := t.s.Read(ctx, m.ID)
		if err == nil {
			matches[i] = a.Contact
		} else if err := passing(err); err != nil {
			return err
		}
	}
	return nil
}

func (t *task) evidence(owners map[string]string) terms {
	return terms{
		sentAt: t.prior.SentAt, skew: t.spec.Adoption.Skew, compare: t.spec.Adoption.Compare,
		clientID: t.s.ClientID(), keyed: t.upserts(), job: t.j.ID, owners: owners,
	}
}

// take claims the record for the job; a race lost to another job leaves the
// question open for the next look.
func (t *task) take(ctx context.Context, c contact.Contact) (bool, error) {
	mine, err := t.Records.Own(ctx, t.j.AccountID, c.ID, t.j.ID)
	if err != nil {
		return false, &storeError{err}
	}
	if !mine {
		return false, t.stillUnknown()
	}
	t.j.Journal.Phase, t.j.Journal.Found, t.j.Journal.Draft = Completed, &c, nil
	t.kept = nil
	return true, nil
}
