package job

import (
	"context"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// How far a follow-up call got, in the journal.
const (
	stepSending = "sending"
	stepDone    = "done"
	stepRefused = "refused"
	stepUnknown = "unknown"
)

// complete makes the calls that follow the create and reads the record back.
// Whatever fails for good here is a warning: the contact exists.
func (t *task) complete(ctx context.Context) error {
	created := *t.j.Journal.Found
	fresh := t.kept == nil // the record was found, not created by this call
	if fresh {
		t.kept = &Result{Contact: created}
	}
	t.step = connector.OpFollow
	steps, err := t.s.Steps(ctx, created)
	if err != nil {
		if passing(err) != nil && t.inTime() {
			return err
		}
		t.warn(contact.Warning{Code: "incomplete", Message: "the calls that complete the contact could not be prepared"})
	}
	readBack := t.shown() && (t.spec.ReadBack || fresh)
	if len(steps) > 0 || readBack {
		if err := t.keep(ctx, t.kept); err != nil {
			return err
		}
	}
	for _, step := range steps {
		if err := t.stopping(); err != nil {
			return err
		}
		if err := t.follow(ctx, step); err != nil {
			return err
		}
	}
	if err := t.readBack(ctx, created.ID, readBack); err != nil {
		return err
	}
	for _, step := range steps {
		if step.Done != nil && t.j.Journal.Steps[step.ID] == stepDone {
			step.Done(&t.kept.Contact)
		}
	}
	return nil
}

// shown says whether somebody may ask for the record itself: of a row of an
// import only its id is kept.
func (t *task) shown() bool { return t.j.Import == "" }

// inTime says whether there is time left for another try.
func (t *task) inTime() bool { return t.now().Before(t.j.ExpiresAt) }

// follow makes one follow-up call, or finds out what became of it.
func (t *task) follow(ctx context.Context, step connector.Step) error {
	switch state := t.j.Journal.Steps[step.ID]; {
	case state == stepDone || state == stepRefused || state == stepUnknown:
		return nil
	case state == stepSending && !step.Idempotent:
		done, err := t.applied(ctx, step)
		if done || err != nil || t.j.Journal.Steps[step.ID] == stepUnknown {
			return err
		}
	}
	err := t.s.Do(ctx, step, t.markStep(ctx, step))
	return t.followed(step, err)
}

// applied asks the CRM about a step that may have been sent.
func (t *task) applied(ctx context.Context, step connector.Step) (bool, error) {
	if step.Check == nil {
		t.drop(step, stepUnknown, "outcome_unknown", "the call was sent, and the CRM does not tell whether it took effect")
		return false, nil
	}
	done, err := t.s.Applied(ctx, step)
	if err != nil {
		if passing(err) != nil && t.inTime() {
			return false, err
		}
		t.drop(step, stepUnknown, "outcome_unknown", "the call was sent, and the CRM refused to tell whether it took effect")
		return false, nil
	}
	if done {
		t.note(step, stepDone)
	}
	return done, nil
}

// markStep journals a step before it is sent, together with the outcomes of
// the steps before it. A step that may be repeated needs no mark.
func (t *task) markStep(ctx context.Context, step connector.Step) connector.Mark {
	return func(connector.Draft) (time.Time, error) {
		fence := time.Now().Add(t.Timing.SendWindow)
		if step.Idempotent {
			return fence, nil
		}
		t.note(step, stepSending)
		return fence, t.save(ctx, nil)
	}
}

// followed decides what the answer to a step means.
func (t *task) followed(step connector.Step, err error) error {
	f := fault.From(err)
	switch {
	case f == nil:
		t.note(step, stepDone)
		return nil
	case isJournal(err):
		return err
	case f.Kind == fault.RateLimited || f.Kind == fault.Unavailable:
		t.forget(step)
	case f.Kind == fault.OutcomeUnknown && step.Idempotent:
	case f.Kind == fault.OutcomeUnknown && step.Check != nil:
	case f.Kind == fault.OutcomeUnknown:
		t.drop(step, stepUnknown, "outcome_unknown", "the call was sent, but its answer did not arrive")
		return nil
	default:
		t.drop(step, stepRefused, refusalCode(f), "the CRM refused it: "+f.Message)
		return nil
	}
	if !t.inTime() {
		t.drop(step, stepRefused, string(f.Kind), "time ran out before the CRM took it")
		return nil
	}
	return again(err)
}

func refusalCode(f *fault.Error) string {
	if f.Code != "" {
		return strings.ToLower(f.Code)
	}
	return string(f.Kind)
}

// readBack reads the record where the answer so far says too little.
func (t *task) readBack(ctx context.Context, id string, needed bool) error {
	if !needed || t.spec.Read == nil {
		if t.kept == nil {
			t.kept = &Result{Contact: *t.j.Journal.Found}
		}
		return nil
	}
	t.step = connector.OpRead
	a, err := t.s.Read(ctx, id)
	switch {
	case err == nil:
		t.kept = &Result{Contact: a.Contact, Raw: a.Raw, ContentType: a.ContentType}
	case passing(err) != nil && t.inTime():
		return err
	default:
		if t.kept == nil {
			t.kept = &Result{Contact: *t.j.Journal.Found}
		}
		t.warn(contact.Warning{Code: "not_read_back", Message: "the record exists, but could not be read back: " + string(fault.KindOf(err))})
	}
	return nil
}

func (t *task) note(step connector.Step, state string) {
	if t.j.Journal.Steps == nil {
		t.j.Journal.Steps = map[string]string{}
	}
	t.j.Journal.Steps[step.ID] = state
}

func (t *task) forget(step connector.Step) { delete(t.j.Journal.Steps, step.ID) }

// drop gives a step up with a warning.
func (t *task) drop(step connector.Step, state, code, why string) {
	t.note(step, state)
	t.warn(contact.Warning{Field: step.Path, Code: code, Message: why})
}
