package api

import (
	"context"
	"fmt"
	"testing"
	"time"

	"crmferry/internal/account"
	"crmferry/internal/connector"
	"crmferry/internal/imports"
	"crmferry/internal/job"
	"crmferry/internal/pace"
)

func running(settled int, generation int64) imports.Import {
	i := imports.Import{Base: imports.Base{ID: "imp_1"}, Status: imports.Running, Counts: imports.Counts{Total: 1000, Pending: 1000 - settled, Succeeded: settled}}
	i.StartedAt, i.Generation = clock(), generation
	return i
}

func TestRateIsOfLate(t *testing.T) {
	t.Parallel()
	r := &rates{}
	at := func(s float64) time.Time { return clock().Add(time.Duration(s * float64(time.Second))) }
	for _, step := range []struct {
		after   float64
		settled int
		want    float64
		why     string
	}{
		{0.5, 10, 0, "too early to tell"},
		{10, 100, 90 / 9.5, "since it was first seen"},
		{70, 160, 1, "of the last minute alone"},
		{130, 160, 0, "it stands still"},
		{1000, 200, 0.2, "long unseen: since its start"},
	} {
		if got := r.of(running(step.settled, 1), at(step.after)); fmt.Sprintf("%.3f", got) != fmt.Sprintf("%.3f", step.want) {
			t.Errorf("after %v s: %v, want %v: %s", step.after, got, step.want, step.why)
		}
	}
	if got := r.of(running(300, 2), at(2000)); got != 0 {
		t.Errorf("resumed just now: %v", got)
	}
	if got := r.of(running(330, 2), at(2010)); got != 3 {
		t.Errorf("since it was resumed: %v", got)
	}
	over := running(1000, 1)
	over.Status, over.FinishedAt = imports.Completed, at(100)
	if got := r.of(over, at(5000)); got != 10 || len(r.seen) != 0 {
		t.Errorf("over: %v, %d are remembered", got, len(r.seen))
	}
	ready := imports.Import{Status: imports.Ready}
	if got := r.of(ready, at(0)); got != 0 {
		t.Errorf("ready: %v", got)
	}
}

func TestRatesRememberSoMany(t *testing.T) {
	t.Parallel()
	r := &rates{}
	for k := range 3 * rateMost {
		i := running(k, 1)
		i.ID = fmt.Sprint(k)
		r.of(i, clock())
	}
	if len(r.seen) > rateMost {
		t.Errorf("%d are remembered", len(r.seen))
	}
}

// limited is a pace of ten calls a second.
type limited struct{ pacemaker }

func (limited) State(context.Context, account.Account, *connector.Spec) (pace.State, error) {
	return pace.State{Windows: []pace.WindowState{{Requests: 10, Per: time.Second}}}, nil
}

// TestTheEstimateKnowsThePace: what the account's pace lets through counts, where
// that is less than the rate, and is all there is at first.
func TestTheEstimateKnowsThePace(t *testing.T) {
	t.Parallel()
	now := clock()
	h := newImportHarness(t, func(d *Deps) { d.Pace, d.Now = limited{}, func() time.Time { return now } })
	id := h.kept(t, imports.Running, 1000, rowsOfPeople(600))
	finish := func() string { text, _ := h.show(t, id).json["estimated_finish_at"].(string); return text }
	if got := finish(); got != "2026-03-04T05:07:07Z" {
		t.Errorf("by the pace alone: %s", got)
	}
	check(t, h.store.Rest(t.Context(), h.turn(t, id), job.ForQuota, clock().Add(time.Hour)))
	if got := finish(); got != "2026-03-04T06:07:07Z" {
		t.Errorf("while it waits for an hour: %s", got)
	}
	h.carry(t, id, 300, created)
	now = clock().Add(100 * time.Second) // 3 a second
	if a := h.show(t, id); a.json["rate"] != 3.0 || a.json["estimated_finish_at"] != "2026-03-04T05:09:27Z" {
		t.Errorf("at its own rate: %s", a.Body)
	}
	h.ask(t, "POST", importsRoot+"/"+id+"/pause", "").wantStatus(t, 200)
	if got := finish(); got != "" {
		t.Errorf("paused: %s", got)
	}
}

func TestNoEstimateWithoutAPace(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t, func(d *Deps) { d.Pace = unpaced{} })
	id := h.kept(t, imports.Running, 1000, rowsOfPeople(3))
	a := h.show(t, id)
	for _, name := range []string{"rate", "estimated_finish_at"} {
		if a.json[name] != nil {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
}

// TestTheReportBeforeTheStart tells what the start would bring.
func TestTheReportBeforeTheStart(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t, func(d *Deps) { d.Pace = limited{} })
	a := h.ask(t, "POST", importsPath+"?start=manual&integrated_account_id="+fullAccount, sheetOf(25), "Content-Type", csvType).wantStatus(t, 202)
	shown := h.show(t, a.id(t))
	report, _ := shown.json["report"].(map[string]any)
	if shown.json["status"] != "ready" || report == nil {
		t.Fatal(shown.Body)
	}
	expected, _ := report["expected"].(map[string]any)
	if expected["calls"] != 24.0 || len(report["sample"].([]any)) != 20 || len(report["errors"].([]any)) != 1 {
		t.Errorf("%v", report)
	}
	if list := h.ask(t, "GET", importsRoot, "").json["result"].([]any)[0].(map[string]any); list["report"] != nil {
		t.Error("a list has reports")
	}
}

// sheetOf is a CSV file of n rows, of which the last is invalid.
func sheetOf(n int) string {
	text := "First name,E-mail\n"
	for k := range n - 1 {
		text += fmt.Sprintf("Ada,ada%d@example.com\n", k)
	}
	return text + "Ada,nonsense\n"
}
