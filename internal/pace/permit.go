package pace

import (
	"math/rand/v2"
	"time"

	"crmferry/internal/connector"
)

// permit is the right to begin one call now.
type permit struct {
	turn  *turn
	given time.Time
	sent  time.Time // when it was asked for
	at    int64     // when it was given, by Redis's clock
}

func (t *turn) permit(a answer) *permit {
	t.seq = a.n
	return &permit{turn: t, given: a.came, sent: a.sent, at: a.now}
}

// Expired says that the slot is past.
func (p *permit) Expired() bool { return time.Since(p.given) > grace }

// Cancel gives slot and lease back.
func (p *permit) Cancel() { p.turn.desk.send(p.turn.command(doCancel), "") }

// Done gives the lease back and passes on what the call taught. It does not
// wait for Redis: should the word get lost, the lease ends by itself.
func (p *permit) Done(f connector.Feedback) {
	t := p.turn
	t.p.hosts.heard(t.ask.Host, f.Verdict)
	c := t.command(doDone)
	c.Verdict, c.Wait, c.Took, c.Spread = string(f.Verdict), f.Wait.Milliseconds(), f.Took.Milliseconds(), rand.Float64()
	// The CRM counts the call from when it came: some time between the first
	// byte that was sent and the answer. Late is the permit's age at the first,
	// Rest what lies between.
	c.At, c.Rest = p.at, max(f.Took-f.Begun, 0).Milliseconds()
	c.Late = max(time.Since(p.sent)-f.Took+f.Begun, 0).Milliseconds()
	for _, u := range f.Usage {
		c.Usage = append(c.Usage, told{Quota: string(u.Period), Limit: u.Limit, Left: u.Left, Reset: u.Reset.Milliseconds()})
	}
	t.desk.send(c, "")
}

// Limited freezes the budget after the fact.
func (p *permit) Limited(wait time.Duration) {
	c := p.turn.command(doLimited)
	c.Wait = wait.Milliseconds()
	p.turn.desk.send(c, "")
}
