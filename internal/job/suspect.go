package job

import (
	"context"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
)

// wary is how long after a change of the store's master a job that seems fresh
// is not trusted to be, once the calls of that time are over.
const wary = 30 * time.Second

// suspect has a job that seems fresh looked up before it is sent, where a change
// of the store's master may have lost the word of its create.
func (t *task) suspect(c Claimed) {
	j := &t.j.Journal
	last := c.Changed.Add(t.Timing.SendWindow) // a create that was journaled before was sent by then
	over := last.Add(t.Timing.CallTimeout + t.Timing.Margin)
	if j.Phase != Fresh || c.Changed.IsZero() || !c.Now.Before(over.Add(wary)) || t.j.CreatedAt.After(c.Changed.Add(clockAllowance)) {
		return
	}
	*j = Journal{Phase: Sending, Suspect: true, SentAt: t.j.CreatedAt, SendBy: last, Over: over}
}

// clear finds out whether a suspected create took place. Where nobody can tell
// the contact is sent: it is better written twice than never.
func (t *task) clear(ctx context.Context) error {
	if t.s.Idempotency().Kind != connector.NoIdempotency {
		return t.begin(ctx)
	}
	err := t.look(ctx)
	if f := fault.From(err); f != nil && f.Kind == fault.OutcomeUnknown && f.Final {
		return t.absent(ctx)
	}
	return err
}
