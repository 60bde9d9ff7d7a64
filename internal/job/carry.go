package job

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// begin handles a contact of which nothing was sent yet.
func (t *task) begin(ctx context.Context) error {
	if t.seeksFirst() {
		t.step = connector.OpFind
		found, err := t.s.FindPerson(ctx)
		if err != nil {
			return err
		}
		if len(found.Matches) > 0 {
			return t.matched(ctx, found.Matches)
		}
	}
	return t.create(ctx)
}

// seeksFirst: the caller wants an existing record, and it is not certain that
// the CRM would refuse a second one.
func (t *task) seeksFirst() bool {
	if t.j.OnDuplicate == "" || t.j.OnDuplicate == DuplicateFails {
		return false
	}
	return t.s.CanFindPerson() && t.s.Idempotency().Kind != connector.UniqueField
}

// create sends the contact, for the first time or again.
func (t *task) create(ctx context.Context) error {
	t.step = connector.OpCreate
	if t.coalesces() {
		return t.createTogether(ctx)
	}
	return t.createAlone(ctx)
}

func (t *task) createAlone(ctx context.Context) error {
	a, err := t.s.Create(ctx, t.mark(ctx))
	t.warn(t.s.Warnings()...)
	return t.sent(ctx, a, err)
}

// mark journals that a create is about to be sent, and until when it may be.
func (t *task) mark(ctx context.Context) connector.Mark {
	return func(d connector.Draft) (time.Time, error) {
		t.sending()
		if t.s.Idempotency().Kind == connector.KeyHeader {
			raw, err := json.Marshal(d)
			if err != nil {
				return time.Time{}, err
			}
			t.j.Journal.Draft = raw
		}
		if err := t.save(ctx, nil); err != nil {
			return time.Time{}, err
		}
		// The fence is checked against our own clocks at the first write.
		return time.Now().Add(t.Timing.SendWindow), nil
	}
}

// sending notes in the journal that a create is about to be sent.
func (t *task) sending() {
	now, j := t.now(), &t.j.Journal
	if j.SentAt.IsZero() {
		j.SentAt = now
	}
	if j.Phase == Sending { // again, to find out
		j.Looks++
	}
	j.Phase, j.By, j.Suspect, t.last = Sending, t.j.Attempt, false, answer{}
	j.SendBy = now.Add(t.Timing.SendWindow)
	j.Over = j.SendBy.Add(t.Timing.CallTimeout + t.Timing.Margin)
	j.UnknownAt, j.Fault = time.Time{}, nil
}

// sent decides what the answer to a create means for the journal.
func (t *task) sent(ctx context.Context, a connector.Answer, err error) error {
	if err == nil {
		return t.created(ctx, a)
	}
	f := fault.From(err)
	if isJournal(err) || f.Kind == fault.OutcomeUnknown || f.MaybeApplied {
		return err
	}
	t.reset()
	t.last.absent = t.j.Journal.Phase == Fresh
	switch {
	case f.Kind == fault.Duplicate:
		return t.duplicate(ctx, f)
	case f.Kind == fault.Invalid && t.prior.Phase == Sending:
		return t.disbelieve(ctx, f)
	default:
		return err
	}
}

// disbelieve handles a refusal of a repeated create as invalid: the CRM may
// mean that it has the contact already, and say so in words that did not
// arrive. It is looked up before the refusal is believed.
func (t *task) disbelieve(ctx context.Context, f *fault.Error) error {
	t.step = connector.OpFind
	found, err := t.own(ctx)
	switch {
	case errors.Is(err, connector.ErrCannotFind):
		return f
	case err != nil && passing(err) != nil:
		return err
	case err != nil:
		return t.hopeless("the CRM refused to look the contact up: "+string(fault.KindOf(err)), nil)
	}
	if done, err := t.adopt(ctx, found); done || err != nil {
		return err
	}
	if absent := t.absentAt(found.Lag); t.now().Before(absent) {
		return t.lookAgain(absent)
	}
	return f
}

// own looks for the job's record by what proves most.
func (t *task) own(ctx context.Context) (connector.Found, error) {
	if id := t.s.ClientID(); id != "" && t.spec.Read != nil {
		return t.chosen(ctx, id)
	}
	return t.s.Find(ctx)
}

// upserts: a repeat finds the job's own record by our key and changes it, so
// that what it clashes with is another.
func (t *task) upserts() bool { return t.s.Idempotency().Kind == connector.ExternalKey }

// reset takes the journal back to before a create that surely was not applied;
// an earlier create whose outcome is open stays in doubt.
func (t *task) reset() { t.j.Journal = t.prior }

// created notes the new record, and claims it before anything else is done:
// while the answer was under way another job may have taken the record for its
// own. What became of that job's create is then open, and so whether this one
// has a record at all; it finds out as if its own answer had been lost.
func (t *task) created(ctx context.Context, a connector.Answer) error {
	c := a.Contact
	if !t.provable() {
		var mine bool
		err := t.insist(ctx, func(ctx context.Context) (err error) {
			mine, err = t.Records.Own(ctx, t.j.AccountID, c.ID, t.j.ID)
			return err
		})
		if err != nil {
			return &storeError{err}
		}
		if !mine {
			return fault.New(fault.OutcomeUnknown, "claimed", "another job of the same contact holds the record")
		}
	}
	t.j.Journal.Phase, t.j.Journal.Found = Completed, &c
	t.j.Journal.Draft = nil
	t.kept = &Result{Contact: c, Raw: a.Raw, ContentType: a.ContentType}
	t.last.proof = t.kept
	return nil
}

// provable says whether the record bears what is this job's alone, so that no
// other job takes it for its own.
func (t *task) provable() bool {
	switch t.s.Idempotency().Kind {
	case connector.KeyHeader, connector.ClientID, connector.ExternalKey:
		return true
	default:
		return false
	}
}

// duplicate handles the CRM's word that it has the contact already.
func (t *task) duplicate(ctx context.Context, f *fault.Error) error {
	found, err := t.existing(ctx, f)
	if err != nil {
		return err
	}
	// An earlier create went out whose outcome nobody knows: the record may
	// be its work.
	if t.prior.Phase == Sending && !t.upserts() {
		if done, err := t.adopt(ctx, found); done || err != nil {
			return err
		}
		if len(found.Matches) == 0 && f.RemoteID == "" && t.now().Before(t.absentAt(found.Lag)) {
			return t.lookAgain(t.absentAt(found.Lag)) // the index does not show it yet
		}
	}
	matches := found.Matches
	if f.RemoteID == "" && len(matches) == 1 {
		f.RemoteID = matches[0].ID
	}
	if t.j.OnDuplicate == ReturnExisting || t.j.OnDuplicate == UpdateDuplicate {
		if len(matches) == 0 && f.RemoteID != "" {
			matches = []contact.Contact{{ID: f.RemoteID}}
		}
		if len(matches) > 0 {
			return t.matched(ctx, matches)
		}
	}
	return f
}

// existing gives the records that a duplicate clashes with, as far as the CRM tells.
func (t *task) existing(ctx context.Context, f *fault.Error) (connector.Found, error) {
	if id := t.s.ClientID(); id != "" && t.prior.Phase == Sending {
		if found, err := t.chosen(ctx, id); err != nil || len(found.Matches) > 0 {
			return found, err
		}
	}
	if f.RemoteID != "" && t.spec.Read != nil {
		a, err := t.s.Read(ctx, f.RemoteID)
		if err == nil {
			return connector.Found{Matches: []contact.Contact{a.Contact}}, nil
		}
		return connector.Found{Matches: []contact.Contact{{ID: f.RemoteID}}}, passing(err)
	}
	if t.s.CanFindPerson() && f.RemoteID == "" {
		t.step = connector.OpFind
		found, err := t.s.FindPerson(ctx)
		return found, passing(err)
	}
	return connector.Found{}, nil
}

// chosen gives the record with the id that we chose, if it is there: a refusal
// may as well be about another record.
func (t *task) chosen(ctx context.Context, id string) (connector.Found, error) {
	a, err := t.s.Read(ctx, id)
	switch {
	case err == nil:
		return connector.Found{Matches: []contact.Contact{a.Contact}}, nil
	case fault.KindOf(err) == fault.NotFound:
		return connector.Found{}, nil
	case passing(err) != nil:
		return connector.Found{}, passing(err)
	default: // it cannot be read, but nobody else knows the id
		return connector.Found{Matches: []contact.Contact{{ID: id}}}, nil
	}
}

// passing keeps only those errors that are worth another attempt; the others
// leave a question unanswered that the caller can live without.
func passing(err error) error {
	if f := fault.From(err); f != nil && f.NotApplied() {
		return f
	}
	return nil
}

// matched notes an existing record: the oldest of several.
func (t *task) matched(ctx context.Context, matches []contact.Contact) error {
	oldest := slices.MinFunc(matches, func(a, b contact.Contact) int { return older(a, b) })
	if len(matches) > 1 {
		t.warn(contact.Warning{Code: "several_matches", Message: "the CRM holds several records of this person; the oldest was taken"})
	}
	t.j.Journal.Phase, t.j.Journal.Found = Matching, &oldest
	return nil
}

func older(a, b contact.Contact) int {
	switch {
	case a.CreatedAt == nil && b.CreatedAt == nil:
		return 0
	case a.CreatedAt == nil:
		return 1
	case b.CreatedAt == nil:
		return -1
	default:
		return a.CreatedAt.Compare(*b.CreatedAt)
	}
}

// match gives the existing record back, updated if that was asked for.
func (t *task) match(ctx context.Context) error {
	id := t.j.Journal.Found.ID
	t.how = Matched
	if t.j.OnDuplicate == UpdateDuplicate {
		t.how, t.step = Updated, connector.OpUpdate
		a, err := t.s.Update(ctx, id, t.markUpdate(ctx))
		if err != nil {
			return again(err)
		}
		t.warn(t.s.Warnings()...)
		t.kept = &Result{Contact: a.Contact, Raw: a.Raw, ContentType: a.ContentType}
	}
	return t.readBack(ctx, id, t.shown() && (t.kept == nil || t.spec.ReadBack))
}

// markUpdate journals that an existing record is about to be changed.
func (t *task) markUpdate(ctx context.Context) connector.Mark {
	return func(connector.Draft) (time.Time, error) {
		return time.Now().Add(t.Timing.SendWindow), t.save(ctx, nil)
	}
}

// again makes the lost answer of a call that may be repeated a passing fault.
func again(err error) error {
	f := *fault.From(err)
	if f.Kind == fault.OutcomeUnknown {
		f.Kind = fault.Unavailable
	}
	return &f
}
