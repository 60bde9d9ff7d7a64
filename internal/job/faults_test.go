package job_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// faults are what goes wrong in the table of outcomes. Several are joined by
// " + ".
var faults = map[string]func(*rig){
	"none": func(*rig) {},

	// Surely not applied.
	"refused":             moods("refused"),
	"too late to send":    moods("fenced"),
	"429, 30 s":           moods("429"),
	"429, 10 min":         moods("quota"),
	"503, 5 s":            moods("503 later"),
	"pace":                held("pace", 30*time.Second),
	"quota":               held("quota", 10*time.Minute),
	"CRM held to be down": held("vendor_down", 30*time.Second),
	"died before sending": func(r *rig) { r.runner.Accounts = &dying{r: r} },

	// Surely rejected.
	"400": moods("400"), "401": moods("401"), "403": moods("403"), "404": moods("404"),

	// Unknown.
	"time-out, not applied":    moods("time-out"),
	"time-out, applied":        moods("write then time-out"),
	"time-out, applied later":  moods("1.9s late then time-out"),
	"reset, not applied":       moods("reset"),
	"reset, applied":           moods("write then reset"),
	"500, not applied":         moods("500"),
	"500, applied":             moods("write then 500"),
	"500, applied later":       moods("1.9s late then 500"),
	"unreadable 201":           moods("write then nonsense"),
	"422, applied":             moods("write then maybe"),
	"died, not applied":        moods("die"),
	"died, applied":            moods("write then die"),
	"stalled, applied at last": moods("26.9s late then die"), // 5 s to send, 20 s of call, 2 s of margin
	"died, applied, key forgotten": func(r *rig) {
		moods("write then die")(r)
		r.crm.die = func() {
			r.takeOver()
			r.now, r.crm.byKey = r.now.Add(40*time.Minute), map[string]string{}
		}
	},
	"reset, all along":          moods(slices.Repeat([]string{"reset"}, 60)...),
	"reset, then 429":           moods("write then reset", "429"),
	"reset, then refused":       moods("write then reset", "refused"),
	"reset, then 401":           moods("write then reset", "401"),
	"reset, then 400":           moods("reset", "400"),
	"reset, then 400 for good":  moods(append([]string{"reset"}, slices.Repeat([]string{"400"}, 60)...)...),
	"stored, then 400 for good": moods(append([]string{"write then reset"}, slices.Repeat([]string{"400"}, 60)...)...),
	"look-up refused":           func(r *rig) { r.crm.blind = 403 },

	// Silent for longer than the lease, and then with an answer.
	"stalled, answered":          moods("stalled then answered"),
	"stalled, refused for now":   moods("stalled then 503 later"),
	"stalled, too late to send":  moods("stalled then fenced"),
	"overtaken, answered":        moods("overtaken then answered"),
	"overtaken, refused for now": moods("overtaken then 503 later"),

	"reset, applied, then stalled, refused for now": moods("write then reset", "stalled then 503 later"),
	"overtaken by a repeat that is lost, refused for now": func(r *rig) {
		moods("overtaken then 503 later", "write then reset")(r)
		r.crm.overtake = func() {
			r.takeOver()
			_ = r.attempt()
		}
	},

	// The store's master is replaced, and what it was told last is lost.
	"forgotten, not applied":     moods("forgotten"),
	"forgotten, applied at last": moods("26.9s late then forgotten"),
	"forgotten, applied":         moods("write then forgotten"),
	"replaced before":            replaced(-10 * time.Second),
	"replaced since":             replaced(0),
	"replaced some time ago":     func(r *rig) { replaced(0)(r); r.now = r.now.Add(time.Minute) },
	"wants an existing contact":  func(r *rig) { r.j.OnDuplicate = job.ReturnExisting },

	// The caller and the clock.
	"cancelled while it waits":         whileWaiting("429", (*rig).cancel),
	"cancelled while it waits for 5 s": whileWaiting("503 later", (*rig).cancel),
	"cancelled while sending":          moods("cancel then nothing"),
	"cancelled while sending, applied": moods("cancel then write then reset"),
	"cancelled while sending, lost":    moods("cancel then reset"),
	"cancelled while sending, refused": moods("cancel then 503 later"),
	"cancelled while sending, died":    moods("cancel then write then die"),
	"expires in 6 s":                   expires(6 * time.Second),
	"503, 5 s, all along":              moods(slices.Repeat([]string{"503 later"}, 60)...),
	"expired before a worker came":     func(r *rig) { r.now = r.j.ExpiresAt },
	"cancelled before a worker came":   func(r *rig) { r.j.CancelRequested = true },

	// What stands there.
	"unique e-mails":       func(r *rig) { r.crm.unique = true },
	"an old record":        there("old", -time.Hour, "Ada", ""),
	"a fresh one":          there("x", 0, "Ada", ""),
	"a fresh other one":    there("x", 0, "Eva", ""),
	"two fresh ones":       func(r *rig) { there("x", 0, "Ada", "")(r); there("y", 0, "Ada", "")(r) },
	"another job's record": there("x", 0, "Ada", "job_2"),
}

func moods(m ...string) func(*rig) { return func(r *rig) { r.crm.moods = append(r.crm.moods, m...) } }

func expires(after time.Duration) func(*rig) {
	return func(r *rig) { r.j.ExpiresAt = r.now.Add(after) }
}

func replaced(since time.Duration) func(*rig) {
	return func(r *rig) { r.changed = r.now.Add(since) }
}

func there(id string, age time.Duration, first, owner string) func(*rig) {
	return func(r *rig) {
		r.crm.records = append(r.crm.records, record{ID: id, Email: "ada@example.com", First: first, At: r.now.Add(age)})
		if owner != "" {
			r.owners[id] = owner
		}
	}
}

// held is our own pace, which holds the first call back.
func held(why string, wait time.Duration) func(*rig) {
	return func(r *rig) {
		r.runner.Client.Paced(&stingy{held: map[int]*fault.Error{1: heldFor(why, wait)}})
	}
}

func whileWaiting(mood string, then func(*rig)) func(*rig) {
	return func(r *rig) {
		moods(mood)(r)
		r.rested = func() { then(r) }
	}
}

// dying kills the worker that opens the account for the first time.
type dying struct {
	accounts
	r    *rig
	dead bool
}

func (d *dying) Open(ctx context.Context, tenant, id string) (connector.Account, error) {
	if !d.dead {
		d.dead = true
		d.r.takeOver()
		panic(died{})
	}
	return d.accounts.Open(ctx, tenant, id)
}

// meet has the faults happen.
func (r *rig) meet(names string) error {
	for name := range strings.SplitSeq(names, " + ") {
		happen, ok := faults[name]
		if !ok {
			return errors.New("no such fault: " + name)
		}
		happen(r)
	}
	return nil
}
