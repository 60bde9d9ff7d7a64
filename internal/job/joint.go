package job

import (
	"context"
	"errors"
	"math/bits"
	"sync"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
)

// CarryHeld carries a contact that its caller holds already, as part of a turn.
func (r *Runner) CarryHeld(ctx context.Context, c Claimed, turn string) error {
	t := r.held(c, turn)
	return t.conclude(ctx, t.carry(ctx))
}

// CarryTogether carries several contacts of one account that its caller holds
// already. Those of which nothing was sent yet go out in one call, if the CRM
// takes batches; there are no more of them than it takes. The errors are in the
// order of the contacts.
func (r *Runner) CarryTogether(ctx context.Context, cs []Claimed, turn string) []error {
	g := &joint{ctx: ctx, tasks: make([]*task, len(cs)), errs: make([]error, len(cs)), apart: map[int]bool{}}
	var batch []int
	for i, c := range cs {
		t := r.held(c, turn)
		g.tasks[i] = t
		if g.errs[i] = t.ready(ctx); g.errs[i] == nil && t.j.Journal.Phase == Fresh && !t.seeksFirst() {
			batch = append(batch, i)
		} else if g.errs[i] == nil {
			g.apart[i] = true
		}
	}
	g.answers = make([]connector.BatchAnswer, len(cs))
	g.budget = splitBudget(len(batch))
	g.create(batch)
	return g.conclude(batch)
}

func (r *Runner) held(c Claimed, turn string) *task {
	j := c.Job
	t := r.task(c, &j)
	t.turn = turn
	return t
}

// joint is several tasks that go together.
type joint struct {
	ctx     context.Context
	tasks   []*task
	errs    []error // of those that could not be begun
	apart   map[int]bool
	answers []connector.BatchAnswer
	budget  int // calls that may still fail as a whole
}

// splitBudget is how many calls may fail while the bad ones among n contacts are
// sought by halves: failing calls count at some CRMs.
func splitBudget(n int) int { return 4 * bits.Len(uint(n)) }

// create sends the contacts at those places in one call, or, where the CRM
// refuses the call as a whole, in halves.
func (g *joint) create(at []int) {
	if len(at) == 0 {
		return
	}
	if len(at) == 1 || g.budget <= 0 {
		g.singly(at)
		return
	}
	answers, err := connector.CreateBatch(g.ctx, g.sessions(at), g.mark(at))
	switch {
	case err == nil:
		for k, i := range at {
			g.answers[i] = answers[k]
		}
	case refusedWhole(err):
		g.budget--
		for _, i := range at {
			g.tasks[i].reset()
		}
		half := len(at) / 2
		g.create(at[:half])
		g.create(at[half:])
	default:
		for k, i := range at {
			if g.answers[i] = answers[k]; g.answers[i].Err == nil { // else its own
				g.answers[i].Err = err
			}
		}
	}
}

// singly leaves contacts to calls of their own.
func (g *joint) singly(at []int) {
	for _, i := range at {
		g.apart[i] = true
	}
}

// refusedWhole: the call surely was not applied, and what is wrong with it may
// be one contact alone.
func refusedWhole(err error) bool {
	f := fault.From(err)
	if isJournal(err) || f.MaybeApplied {
		return false
	}
	return f.Kind == fault.Invalid || f.Kind == fault.Duplicate || f.Kind == fault.NotFound
}

func (g *joint) sessions(at []int) []*connector.Session {
	list := make([]*connector.Session, len(at))
	for k, i := range at {
		list[k] = g.tasks[i].s
	}
	return list
}

// mark journals that the creates are about to be sent. There is no draft of each
// that could be repeated byte by byte.
func (g *joint) mark(at []int) connector.Mark {
	return func(connector.Draft) (time.Time, error) {
		jobs := make([]Job, len(at))
		for k, i := range at {
			t := g.tasks[i]
			t.reset() // a call that is built anew counts as the same
			t.sending()
			t.j.spend(t.now())
			jobs[k] = *t.j
		}
		r := g.tasks[at[0]].Runner
		var err error
		for _, one := range r.Records.(Joint).SaveAll(g.ctx, jobs) {
			err = errors.Join(err, one)
		}
		return time.Now().Add(r.Timing.SendWindow), journaled(err)
	}
}

// conclude goes on with each contact by itself.
func (g *joint) conclude(batch []int) []error {
	sent := map[int]bool{}
	for _, i := range batch {
		sent[i] = !g.apart[i]
	}
	out := make([]error, len(g.tasks))
	var wg sync.WaitGroup
	for i, t := range g.tasks {
		if g.apart[i] { // one after the other: each is a call
			continue
		}
		wg.Go(func() {
			err := g.errs[i]
			if sent[i] {
				err = t.heard(g.ctx, g.answers[i])
			}
			out[i] = t.conclude(g.ctx, err)
		})
	}
	for i, t := range g.tasks {
		if g.apart[i] {
			out[i] = t.conclude(g.ctx, t.carry(g.ctx))
		}
	}
	wg.Wait()
	return out
}

// heard goes on with the answer to a create that went with others.
func (t *task) heard(ctx context.Context, a connector.BatchAnswer) error {
	t.step = connector.OpCreate
	t.warn(t.s.Warnings()...)
	if err := t.sent(ctx, a.Answer, a.Err); err != nil {
		return err
	}
	return t.onward(ctx)
}
