package imports

import (
	"context"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/job"
)

// earlierEvery is how often a row that waits for the end of an earlier one with
// its client_ref is looked at.
const earlierEvery = 5 * time.Second

// settleEarlier takes out of todo the rows whose client_ref came before, as far
// as that settles them or has them wait, and gives their results. Those that are
// to update the record of an earlier one are made to.
func (w *work) settleEarlier(ctx context.Context, d *desk, todo []job.Claimed) ([]job.Claimed, []Result, error) {
	if w.Refs == nil || w.imp.Refs == 0 {
		return todo, nil, nil
	}
	at, rows := make([]Place, len(todo)), make([]Row, len(todo))
	for k, c := range todo {
		at[k] = placeOfRow(c.Job.Row)
		rows[k] = d.rows[at[k].Index]
	}
	priors, err := w.Refs.Earlier(ctx, w.imp, at, rows)
	if err != nil {
		return nil, nil, err
	}
	var left []job.Claimed
	var known []Result
	for k, c := range todo {
		switch v := Decide(priors[k], w.imp.OnChanged); {
		case v.Wait:
			c.NextAttemptAt, c.WaitingFor = w.now().Add(earlierEvery), job.ForRetry
			d.later[at[k].Index] = c.Job
		case v.Result != nil:
			known = append(known, resultFor(*v.Result, rows[k], at[k].Index))
		case v.Update != "":
			c.OnDuplicate = job.UpdateDuplicate
			c.Journal = job.Journal{Phase: job.Matching, Found: &contact.Contact{ID: v.Update}}
			left = append(left, c)
		default:
			left = append(left, c)
		}
	}
	return left, known, nil
}

// resultFor completes a result by what its row tells.
func resultFor(r Result, row Row, index int) Result {
	r.Index, r.Line, r.ClientRef, r.Metadata, r.Digest = index, row.Line, row.ClientRef, row.Metadata, row.digest()
	r.Warnings = row.Warnings
	return r
}
