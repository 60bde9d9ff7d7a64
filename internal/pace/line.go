package pace

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/lua"
)

// Priority orders the jobs of one account's line.
type Priority int

// The priorities: what is half done goes before what is new.
const (
	Begun   Priority = 0
	Singles Priority = 1
	Imports Priority = 2
)

// arrivalBits is how many bits of a place in line tell of the arrival; the
// priority is above them.
const arrivalBits = 44

// Member is a job as the line knows it.
type Member struct {
	Job     string
	Account string
	Budget  string
	// Arrived orders jobs of one priority.
	Arrived  time.Time
	Priority Priority
}

func (m Member) command(do string) *command {
	return &command{Do: do, Job: m.Job, Account: m.Account, Priority: m.Priority, Arrival: m.Arrived.UnixMilli()}
}

// Entry is what a new job meets.
type Entry struct {
	// Lane: it goes to a worker at once; else it has to Join the line.
	Lane bool
	// Full: its account has as many waiting as it may.
	Full bool
	// Waiting is how many of its account are in line.
	Waiting int64
}

// Enter asks for a place for a new job.
func (p *Pacer) Enter(ctx context.Context, m Member, l connector.Limits) (Entry, error) {
	d := p.desk(m.Budget)
	if waiting := d.crowded(m.Account, p.o.Backlog); waiting > 0 {
		return Entry{Waiting: waiting}, nil
	}
	a := d.do(ctx, m.command(doEnter), d.encoded(l))
	if a.err == nil {
		d.saw(m.Account, a)
	}
	return Entry{Lane: a.kind == "lane", Full: a.kind == "full", Waiting: a.n}, a.err
}

// crowd is how many of an account were seen waiting, and how many have come
// since.
type crowd struct {
	waiting, since int64
	seen           time.Time
}

const (
	crowdLife = 100 * time.Millisecond
	crowdMany = 200
	crowdMost = 1000 // accounts that are remembered
)

// crowded is how many wait before a new job where it is certain to have to
// wait: many were waiting a moment ago. 0 means that Redis must say.
func (d *desk) crowded(account string, most int64) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.crowds[account]
	if !ok || time.Since(c.seen) > crowdLife || most > 0 && c.waiting+c.since >= most {
		return 0
	}
	c.since++
	d.crowds[account] = c
	return c.waiting + c.since
}

func (d *desk) saw(account string, a answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a.kind != "line" || a.n < crowdMany {
		delete(d.crowds, account)
		return
	}
	if d.crowds == nil || len(d.crowds) >= crowdMost {
		d.crowds = map[string]crowd{}
	}
	d.crowds[account] = crowd{waiting: a.n, seen: a.came}
}

// Join puts a job into its account's line, which brings it to a worker in time.
func (p *Pacer) Join(ctx context.Context, m Member) error {
	d := p.desk(m.Budget)
	if a := d.do(ctx, m.command(doJoin), ""); a.err != nil {
		return a.err
	}
	// Only now the index: an entry without a line is passed over. One that was
	// made a moment ago has not been looked at yet.
	if !d.wakes() {
		return nil
	}
	return wake.Run(ctx, p.redis, []string{linesKey()}, m.Budget, tick.Milliseconds()).Err()
}

// wakes says whether the index must be told that somebody waits.
func (d *desk) wakes() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.woken) < tick/2 {
		return false
	}
	d.woken = time.Now()
	return true
}

// Leave takes a job out of lane and line.
func (p *Pacer) Leave(ctx context.Context, m Member) error {
	return p.desk(m.Budget).do(ctx, m.command(doLeave), "").err
}

// Has says whether the job is in its line, or on its way to a worker.
func (p *Pacer) Has(ctx context.Context, m Member) (bool, error) {
	a := p.desk(m.Budget).do(ctx, m.command(doPlace), "")
	if errors.Is(a.err, errNoPlan) {
		return false, nil
	}
	return a.n != -1, a.err
}

// luaTime gives Redis's clock in milliseconds.
const luaTime = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

// wake has a budget's lines looked at soon.
// KEYS index   ARGV budget, in ms
var wake = lua.Upkeep(luaTime + `
return redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
`)

// dueLines takes the budgets whose lines are to be looked at now: whoever takes
// one has it for a second.
// KEYS index   ARGV most
var dueLines = lua.Upkeep(luaTime + `
local out = {tostring(now + 1000)}
for _, budget in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  redis.call('ZADD', KEYS[1], now + 1000, budget)
  table.insert(out, budget)
end
return out
`)

// restLine sets when a budget's lines are looked at next, unless somebody has
// set another time meanwhile; 0 takes it off the index.
// KEYS index   ARGV budget, score taken, next ms or 0
var restLine = lua.Upkeep(`
if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[3] == '0' then return redis.call('ZREM', KEYS[1], ARGV[1]) end
return redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
`)

const (
	linesAtOnce = 100
	// lookWithin bounds the time for which a line rests unseen.
	lookWithin = 5 * time.Second
)

// Upkeep looks after the lines of budgets that nobody calls for, ten times a
// second until ctx ends. Every worker does; each line is looked at by one.
func (p *Pacer) Upkeep(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := p.Round(ctx); err != nil && ctx.Err() == nil {
				p.o.Failed(fmt.Errorf("waiting lines: %w", err))
			}
		}
	}
}

// Round admits what may begin now from all lines that are due.
func (p *Pacer) Round(ctx context.Context) error {
	due, err := dueLines.Run(ctx, p.redis, []string{linesKey()}, linesAtOnce).StringSlice()
	if err != nil || len(due) < 2 {
		return err
	}
	for _, budget := range due[1:] {
		if err := p.look(ctx, budget, due[0]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pacer) look(ctx context.Context, budget, taken string) error {
	_, admitted, err := p.call(ctx, budget, "", []*command{})
	if errors.Is(err, errNoPlan) {
		err, admitted = nil, admission{}
	}
	if err != nil {
		return err
	}
	p.admitted(budget, admitted)
	next := int64(0)
	if admitted.next > 0 {
		score, err := strconv.ParseInt(taken, 10, 64)
		if err != nil {
			return err
		}
		// taken is a second past the look's own time.
		next = min(admitted.next, score-1000+lookWithin.Milliseconds())
	}
	return restLine.Run(ctx, p.redis, []string{linesKey()}, budget, taken, next).Err()
}

// moveTimeout bounds how long the way to the workers may take.
const moveTimeout = 30 * time.Second

// admitted sends those on their way whose turn has come. Should the process die
// before, they are sent again.
func (p *Pacer) admitted(budget string, a admission) {
	if len(a.jobs) == 0 {
		return
	}
	p.moves.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), moveTimeout)
		defer cancel()
		p.o.Admitted(ctx, a.jobs, func(job string) { p.desk(budget).send(&command{Do: doGone, Job: job}, "") })
	})
}
