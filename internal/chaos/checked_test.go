package chaos

import (
	"strings"
	"testing"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox/kit"
)

// sound is a history with nothing to object to: an ordinary contact, one that
// stood there before, and one that was posted twice.
func sound(k kind) history {
	h := history{
		kind:     k,
		people:   []person{{name: "Plain"}, {name: "Old", seed: "90"}, {name: "Twin", twin: true}},
		accepted: map[string]string{"j1": "Plain", "j2": "Old", "j3": "Twin/a0", "j4": "Twin/b0"},
		jobs:     map[string]fleet.Job{"j1": done("j1", "1"), "j2": done("j2", "2"), "j3": done("j3", "3"), "j4": done("j4", "4")},
		records:  []kit.Entry{record("1", "Plain"), record("2", "Old"), record("3", "Twin"), record("4", "Twin")},
	}
	if k.unique {
		h.jobs["j2"], h.jobs["j4"] = refusal("j2", "90"), refusal("j4", "3")
		h.records = []kit.Entry{record("1", "Plain"), record("3", "Twin")}
	}
	return h
}

func record(id, name string) kit.Entry { return kit.Entry{ID: id, Email: fleet.Email(name)} }

func done(id, remote string) fleet.Job {
	j := fleet.Job{ID: id, Status: "succeeded", Outcome: "created"}
	j.Result.ID = remote
	return j
}

func refusal(id, remote string) fleet.Job {
	j := fleet.Job{ID: id, Status: "failed"}
	j.Error.Kind, j.Error.RemoteID = "duplicate", remote
	return j
}

func doubt(id, message string, candidates ...string) fleet.Job {
	j := fleet.Job{ID: id, Status: "unknown"}
	j.Error.Kind, j.Error.Message, j.Error.Candidates = "outcome_unknown", message, candidates
	return j
}

// TestTheCheckerObjects feeds the checker histories with one thing wrong.
func TestTheCheckerObjects(t *testing.T) {
	t.Parallel()
	all := kinds()
	unique, keyed, lookup, neither := all[0], all[1], all[2], all[3]
	for name, c := range map[string]struct {
		kind  kind
		spoil func(h *history)
		want  string // "" for no complaint
		lost  int
		twice int
	}{
		"sound, unique":                 {unique, func(*history) {}, "", 0, 0},
		"sound, keyed":                  {keyed, func(*history) {}, "", 0, 0},
		"sound, look-up":                {lookup, func(*history) {}, "", 0, 0},
		"unknown where nobody tells":    {neither, func(h *history) { h.jobs["j1"] = doubt("j1", "why") }, "", 0, 0},
		"unknown and not there":         {neither, func(h *history) { h.jobs["j1"], h.records = doubt("j1", "why"), h.records[1:] }, "", 0, 0},
		"twins that nobody tells apart": {lookup, func(h *history) { h.jobs["j3"] = doubt("j3", "why", "3", "4") }, "", 0, 0},
		"a job that nobody knows":       {lookup, func(h *history) { delete(h.jobs, "j1") }, "is lost", 1, 1},
		"a job that does not end":       {lookup, func(h *history) { h.jobs["j1"] = fleet.Job{ID: "j1", Status: "running"} }, "is lost", 1, 1},
		"a contact that is not there":   {lookup, func(h *history) { h.records = h.records[1:] }, "never made", 1, 0},
		"a contact that stands twice":   {keyed, func(h *history) { h.records = append(h.records, record("5", "Plain")) }, "2 records were made for 1 succeeded", 0, 1},
		"an unknown that stands twice": {neither, func(h *history) {
			h.jobs["j1"] = doubt("j1", "why")
			h.records = append(h.records, record("5", "Plain"))
		}, "2 records were made", 0, 1},
		"one key, two jobs": {keyed, func(h *history) {
			h.accepted["j5"], h.jobs["j5"] = "Plain", done("j5", "5")
			h.records = append(h.records, record("5", "Plain"))
		}, "two jobs", 0, 1},
		"last year's record adopted":     {lookup, func(h *history) { h.jobs["j2"] = done("j2", "90") }, "from last year", 0, 0},
		"a duplicate reported as made":   {unique, func(h *history) { h.jobs["j2"] = done("j2", "90") }, "stood there before", 1, 0},
		"another person's record":        {lookup, func(h *history) { h.jobs["j1"] = done("j1", "2") }, "never made for that person", 0, 0},
		"one record, two jobs":           {lookup, func(h *history) { h.jobs["j4"] = done("j4", "3") }, "both hold record", 0, 0},
		"a job that failed":              {lookup, func(h *history) { h.jobs["j1"], h.records = refusal("j1", ""), h.records[1:] }, "failed", 0, 0},
		"a duplicate of nothing":         {unique, func(h *history) { h.jobs["j1"], h.records = refusal("j1", ""), h.records[1:] }, "duplicate of nothing", 1, 0},
		"a duplicate of something else":  {unique, func(h *history) { h.jobs["j2"] = refusal("j2", "1") }, "is a duplicate of", 0, 0},
		"failed, and there all the same": {unique, func(h *history) { h.jobs["j3"] = refusal("j3", "3") }, "1 records were made for 0", 0, 1},
		"unknown at a CRM that tells":    {keyed, func(h *history) { h.jobs["j1"] = doubt("j1", "why") }, "at a CRM that tells", 0, 0},
		"unknown without a reason":       {neither, func(h *history) { h.jobs["j1"] = doubt("j1", "") }, "without a reason", 0, 0},
		"unknown without candidates":     {lookup, func(h *history) { h.jobs["j3"] = doubt("j3", "why") }, "without candidates", 0, 0},
		"cancelled by nobody":            {keyed, func(h *history) { h.jobs["j1"] = fleet.Job{ID: "j1", Status: "cancelled"} }, "ended cancelled", 0, 1},
		"a record that nobody posted":    {keyed, func(h *history) { h.records = append(h.records, record("9", "Stranger")) }, "nobody posted", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := sound(c.kind)
			c.spoil(&h)
			v := check(h)
			said := strings.Join(v.complaints, "\n")
			if (c.want == "") != (said == "") || !strings.Contains(said, c.want) {
				t.Errorf("it said %q, want %q", said, c.want)
			}
			if v.lost != c.lost || v.twice != c.twice {
				t.Errorf("%d lost and %d twice, want %d and %d: %s", v.lost, v.twice, c.lost, c.twice, said)
			}
		})
	}
}
