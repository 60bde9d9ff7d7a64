package job_test

import (
	"strings"
	"testing"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/job"
)

// outcomeKinds are the kinds of CRM, in the words of the table.
var outcomeKinds = map[string]func(*connector.Spec){
	"key": kindKey, "id": kindClientID, "upsert": kindUpsert, "unique": kindUnique,
	"marker": kindMarker, "look-up": kindLookUp, "untold": kindUntold, "neither": kindNeither,
}

const (
	own   = "key id upsert unique"  // it has idempotency of its own
	looks = "marker look-up untold" // it is asked
	every = own + " " + looks + " neither"
)

// outcome is a row: what a fault comes to at each of some kinds of CRM.
type outcome struct {
	fault   string
	kinds   string
	states  string // that the job passes through
	end     string // the outcome, or the kind of the error
	creates int    // that were sent, by dead workers as well
	records int    // that the CRM holds in the end, those that stood there included
}

// outcomeLag is how long the CRMs' look-ups miss a fresh record, and are known to.
const outcomeLag = 30 * time.Second

func playOutcomes(t *testing.T, rows []outcome) {
	for _, row := range rows {
		for kind := range strings.FieldsSeq(row.kinds) {
			t.Run(row.fault+"/"+kind, func(t *testing.T) {
				t.Parallel()
				row.play(t, kind)
			})
		}
	}
}

func (row outcome) play(t *testing.T, kind string) {
	r := newRig(spec(outcomeLag, outcomeKinds[kind]), func(r *rig) {
		r.crm.lag, r.crm.unique = outcomeLag, kind == "unique"
		if kind == "key" {
			r.crm.byKey = map[string]string{}
		}
		if err := r.meet(row.fault); err != nil {
			t.Fatal(err)
		}
	})
	j := r.run(t)
	got := outcome{fault: row.fault, kinds: row.kinds, states: strings.Join(r.trail, ">"), end: string(j.Outcome), creates: r.crm.creates, records: r.crm.holds()}
	if j.Error != nil {
		got.end = string(j.Error.Kind)
	}
	if got != row {
		t.Errorf("\n got %+v\nwant %+v\ncalls: %v\nerror: %+v", got, row, r.crm.calls, j.Error)
	}
	if r.crm.unfenced {
		t.Error("a create was sent that may be written at any time")
	}
	if j.Status == job.Unknown && strings.Contains(row.fault, "fresh") && len(j.Error.Candidates) == 0 {
		t.Error("no candidates are named")
	}
	if j.Status == job.Succeeded && (j.RemoteID == "" || r.owners[j.RemoteID] == "job_2" || r.result.Contact.ID != j.RemoteID) {
		t.Errorf("it names record %q, result %+v", j.RemoteID, r.result)
	}
}

// The tables are the outcome rules: for each fault and kind of CRM, the states
// that the job passes through, its end, and what the CRM holds.

func TestSurelyNotApplied(t *testing.T) {
	t.Parallel()
	const again = "queued>running>waiting(%)>queued>running>succeeded"
	wait := func(what string) string { return strings.Replace(again, "%", what, 1) }
	playOutcomes(t, []outcome{
		{"none", every, "queued>running>succeeded", "created", 1, 1},
		{"refused", every, wait("vendor_down 500ms"), "created", 2, 1},
		{"too late to send", every, wait("vendor_down 500ms"), "created", 2, 1},
		{"429, 30 s", every, wait("pace"), "created", 2, 1},
		{"429, 10 min", every, wait("quota"), "created", 2, 1},
		{"503, 5 s", every, wait("vendor_down 5s"), "created", 2, 1},
		{"pace", every, wait("pace"), "created", 1, 1},
		{"quota", every, wait("quota"), "created", 1, 1},
		{"CRM held to be down", every, wait("vendor_down"), "created", 1, 1},
		{"died before sending", every, "queued>running>queued>running>succeeded", "created", 1, 1},
	})
}

func TestSurelyRejected(t *testing.T) {
	t.Parallel()
	const failed = "queued>running>failed"
	playOutcomes(t, []outcome{
		{"400", every, failed, "invalid", 1, 0},
		{"401", every, failed, "unauthorized", 1, 0},
		{"403", every, failed, "forbidden", 1, 0},
		{"404", every, failed, "not_found", 1, 0},
		{"unique e-mails + an old record", every, failed, "duplicate", 1, 1},
		{"unique e-mails + another job's record", every, failed, "duplicate", 1, 1},
		{"unique e-mails + a fresh one", every, failed, "duplicate", 1, 1},
	})
}

func TestUnknownOutcomes(t *testing.T) {
	t.Parallel()
	const found, not = "queued>running>verifying>succeeded", "queued>running>verifying>unknown"
	var rows []outcome
	for _, fault := range []string{"time-out, applied", "time-out, applied later", "reset, applied", "500, applied", "500, applied later", "unreadable 201"} {
		rows = append(rows,
			outcome{fault, own, found, "created", 2, 1},              // a repeat is harmless
			outcome{fault, "marker look-up", found, "created", 1, 1}, // it is found, and proves to be ours
			outcome{fault, "untold", not, "outcome_unknown", 1, 1},   // it is found, and proves nothing
			outcome{fault, "neither", not, "outcome_unknown", 1, 1})
	}
	for _, fault := range []string{"time-out, not applied", "reset, not applied", "500, not applied"} {
		rows = append(rows,
			outcome{fault, own + " " + looks, found, "created", 2, 1}, // where it is asked, once the index lag is over
			outcome{fault, "neither", not, "outcome_unknown", 1, 0})
	}
	playOutcomes(t, rows)
}

func TestALostWorker(t *testing.T) {
	t.Parallel()
	const found, not = "queued>running>queued>running>verifying>succeeded", "queued>running>queued>running>unknown"
	playOutcomes(t, []outcome{
		{"died, applied", own, found, "created", 2, 1},
		{"died, applied", "marker look-up", found, "created", 1, 1},
		{"died, applied", "untold", "queued>running>queued>running>verifying>unknown", "outcome_unknown", 1, 1},
		{"died, applied", "neither", not, "outcome_unknown", 1, 1},
		{"died, not applied", own + " " + looks, found, "created", 2, 1},
		{"died, not applied", "neither", not, "outcome_unknown", 1, 0},
		{"died, applied, key forgotten", "key", found, "created", 1, 1}, // past the life of keys it is looked for
		{"stalled, applied at last", own, found, "created", 2, 1},
		{"stalled, applied at last", "marker look-up", found, "created", 1, 1},
		{"stalled, applied at last", "untold", "queued>running>queued>running>verifying>unknown", "outcome_unknown", 1, 1},
		{"stalled, applied at last", "neither", not, "outcome_unknown", 1, 1},
	})
}

// TestAWorkerThatComesBack: what a worker knows that lost its job is used by
// the one that has it now, and makes an unknown end a known one.
func TestAWorkerThatComesBack(t *testing.T) {
	t.Parallel()
	const found = "queued>running>queued>running>succeeded"
	playOutcomes(t, []outcome{
		{"stalled, answered", every, found, "created", 1, 1},
		{"stalled, refused for now", every, found, "created", 2, 1},
		{"stalled, too late to send", every, found, "created", 2, 1},
		// That one create was not applied says nothing of another.
		{"reset, applied, then stalled, refused for now", own, "queued>running>verifying>succeeded", "created", 3, 1},
		{"overtaken by a repeat that is lost, refused for now", own, "queued>running>queued>running>verifying>succeeded", "created", 3, 1},
		{"overtaken, answered", "key", "queued>running>queued>running>verifying>succeeded", "created", 2, 1},
		{"overtaken, answered", "look-up", "queued>running>queued>running>verifying>succeeded", "created", 1, 1},
		{"overtaken, answered", "untold", "queued>running>queued>running>verifying>unknown>succeeded", "created", 1, 1},
		{"overtaken, answered", "neither", "queued>running>queued>running>unknown>succeeded", "created", 1, 1},
		{"overtaken, refused for now", "neither", "queued>running>queued>running>unknown", "outcome_unknown", 1, 0},
	})
}

// TestAfterAChangeOfMaster: jobs of that time are looked up before they are
// sent; where nobody can tell they are sent.
func TestAfterAChangeOfMaster(t *testing.T) {
	t.Parallel()
	const forgotten = "queued>running>queued>running>verifying>succeeded"
	playOutcomes(t, []outcome{
		{"forgotten, applied", own, forgotten, "created", 2, 1},
		{"forgotten, applied", "marker look-up", forgotten, "created", 1, 1},
		{"forgotten, applied at last", "marker look-up", forgotten, "created", 1, 1},
		{"forgotten, applied", "untold", forgotten, "created", 2, 2},
		{"forgotten, applied", "neither", forgotten, "created", 2, 2},
		{"forgotten, not applied", every, forgotten, "created", 2, 1},
		{"an old record + forgotten, not applied", "unique", "queued>running>queued>running>verifying>failed", "duplicate", 2, 1},
		{"an old record + forgotten, not applied", "look-up untold", forgotten, "created", 2, 2},
		{"an old record + wants an existing contact + replaced since", "key", "queued>running>succeeded", "matched", 0, 1},
		{"an old record + wants an existing contact + replaced since", "look-up", "queued>running>verifying>succeeded", "matched", 0, 1},
		{"replaced since", every, "queued>running>verifying>succeeded", "created", 1, 1},
		{"replaced since + reset, applied", "neither", "queued>running>verifying>unknown", "outcome_unknown", 1, 1},
		{"replaced since + 503, 5 s", "neither", "queued>running>verifying>waiting(vendor_down 5s)>queued>running>verifying>succeeded", "created", 2, 1},
		{"replaced since + 503, 5 s", "look-up", "queued>running>verifying>waiting(vendor_down 5s)>queued>running>succeeded", "created", 2, 1},
		{"replaced before", every, "queued>running>succeeded", "created", 1, 1},
		{"replaced some time ago", every, "queued>running>succeeded", "created", 1, 1},
	})
}
