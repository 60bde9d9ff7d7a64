package pace

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/lua"
)

// The script in two parts: what a budget is, and what can be done to it.
var (
	//go:embed budget.lua
	budgetSource string
	//go:embed commands.lua
	commandSource string

	script = lua.Upkeep(budgetSource + commandSource)
)

const prefix = "ferry:1:"

// base starts the keys of one budget; all lie in one slot.
func base(budget string) string { return prefix + "{p" + budget + "}:" }

func linesKey() string { return prefix + "lines" }

// command is one step of the script.
type command struct {
	Do       string   `json:"do"`
	Op       string   `json:"op,omitempty"`
	Holder   string   `json:"holder,omitempty"`
	Job      string   `json:"job"`
	Account  string   `json:"account,omitempty"`
	Seq      int64    `json:"seq,omitempty"`
	Verdict  string   `json:"verdict,omitempty"`
	Wait     int64    `json:"wait"`
	At       int64    `json:"at"`
	Late     int64    `json:"late"`
	Rest     int64    `json:"rest"`
	Took     int64    `json:"took"`
	Spread   float64  `json:"spread"`
	Usage    []told   `json:"usage,omitempty"`
	Priority Priority `json:"priority"`
	Yields   bool     `json:"yields,omitempty"`
	Arrival  int64    `json:"arrival,omitempty"`

	answer chan answer
}

// told is what a CRM's headers say about one budget.
type told struct {
	Quota string `json:"quota"`
	Limit int    `json:"limit"`
	Left  int    `json:"left"`
	Reset int64  `json:"reset"`
}

// answer is what became of a command, by Redis's clock in milliseconds.
type answer struct {
	kind string
	now  int64
	at   int64
	why  string
	n    int64
	rest []any // of a look
	err  error
	// sent is when it was asked for, came when it came, by our clock.
	sent, came time.Time
}

// desk brings the commands of this process for one budget to Redis: those that
// come while a call is under way go together in the next one, save that many
// do not wait for it.
type desk struct {
	p      *Pacer
	budget string

	mu      sync.Mutex
	plan    string
	limits  connector.Limits // those of plan
	planned time.Time
	queue   []*command
	flying  int // calls under way
	used    time.Time
	woken   time.Time // when the index was last told of a line
	states  map[string]seenState
	// crowds tell which accounts had many waiting a moment ago.
	crowds map[string]crowd
	// freed has a token whenever a call of this process ended.
	freed chan struct{}
}

const (
	deskMost   = 128 // commands in one call
	deskMany   = 12  // commands that wait for no other call
	deskCalls  = 4   // calls at once
	deskWithin = 5 * time.Second
)

// send hands a command in and gives the channel on which its answer comes.
func (d *desk) send(c *command, plan string) <-chan answer {
	c.answer = make(chan answer, 1)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue, d.used = append(d.queue, c), time.Now()
	if plan != "" {
		d.plan = plan
	}
	if d.flying == 0 || len(d.queue) >= deskMany && d.flying < deskCalls {
		d.flying++
		go d.fly()
	}
	return c.answer
}

// do is send for those who wait.
func (d *desk) do(ctx context.Context, c *command, plan string) answer {
	select {
	case a := <-d.send(c, plan):
		return a
	case <-ctx.Done():
		return answer{err: ctx.Err()}
	}
}

func (d *desk) fly() {
	for {
		d.mu.Lock()
		batch := slices.Clone(d.queue[:min(len(d.queue), deskMost)])
		d.queue = d.queue[len(batch):]
		if len(batch) == 0 {
			d.flying--
			d.mu.Unlock()
			return
		}
		plan := d.plan
		d.mu.Unlock()
		d.p.run(d, plan, batch)
	}
}

// run brings commands to Redis and hands out the answers.
func (p *Pacer) run(d *desk, plan string, batch []*command) {
	ctx, cancel := context.WithTimeout(context.Background(), deskWithin)
	defer cancel()
	answers, admitted, err := p.call(ctx, d.budget, plan, batch)
	for i, c := range batch {
		a := answer{err: err}
		if err == nil {
			a = answers[i]
		}
		c.answer <- a
		if c.Do == doDone || c.Do == doCancel {
			select {
			case d.freed <- struct{}{}:
			default:
			}
		}
	}
	if err == nil {
		p.admitted(d.budget, admitted)
	}
}

// admission is what a run of the script moved from the lines to the lane, and
// when it pays to look again: 0 for nobody waits.
type admission struct {
	next int64
	jobs []string
}

func (p *Pacer) call(ctx context.Context, budget, plan string, batch []*command) ([]answer, admission, error) {
	raw, err := json.Marshal(batch)
	if err != nil {
		return nil, admission{}, err
	}
	sent := time.Now()
	out, err := script.Run(ctx, p.redis, []string{base(budget) + "state"}, plan, raw, base(budget)).Slice()
	if err != nil {
		return nil, admission{}, err
	}
	if len(out) != 3 {
		return nil, admission{}, errNoPlan
	}
	now, _ := out[0].(int64)
	answers := make([]answer, len(batch))
	results, _ := out[2].([]any)
	if len(results) != len(batch) {
		return nil, admission{}, fmt.Errorf("pace: %d answers to %d commands", len(results), len(batch))
	}
	for i, r := range results {
		answers[i] = answerOf(r.([]any), now, sent)
	}
	return answers, admissionOf(out[1].([]any)), nil
}

// errNoPlan: nobody has used the budget yet.
var errNoPlan = errors.New("pace: the budget is not known")

func answerOf(list []any, now int64, sent time.Time) answer {
	a := answer{now: now, sent: sent, came: time.Now()}
	a.kind, _ = list[0].(string)
	if a.kind == "look" {
		a.rest = list[1:]
		return a
	}
	if len(list) > 1 {
		a.at, _ = list[1].(int64)
	}
	if len(list) > 2 {
		a.why, _ = list[2].(string)
	}
	if len(list) > 3 {
		a.n, _ = list[3].(int64)
	}
	return a
}

func admissionOf(list []any) admission {
	var a admission
	a.next, _ = list[0].(int64)
	for _, id := range list[1:] {
		a.jobs = append(a.jobs, id.(string))
	}
	return a
}
