package vendors_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/connector/connectortest"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/vendors"
)

// trap is a habit of one CRM that is most likely to break a connector.
type trap struct {
	crm, name string

	op       string          // default create, with all that follows
	contact  contact.Contact // over what the CRM requires
	settings map[string]string
	// What the CRM answers to op, where it is not as in testdata.
	status int
	header map[string]string
	body   string
	of     string // the operation that is answered so, instead of op

	// What must come of it: a fault, or a record.
	kind   fault.Kind
	id     string // of the record made, or of the one that a duplicate names
	wait   time.Duration
	maybe  bool // the refusal may have stored the record
	fields []string
	// Parts of the requests, one after the other, and what no request holds.
	sends, lacks []string
	warns        []string // paths
}

// TestTraps walks into every trap that the CRMs' documents warn of.
func TestTraps(t *testing.T) {
	t.Parallel()
	catalogue, stages := vendors.NewCatalogue(), map[string]*connectortest.Stage{}
	for _, trap := range slices.Concat(trapsOfAnswers(), trapsOfRequests()) {
		spec, ok := catalogue.Lookup(trap.crm)
		if !ok {
			t.Errorf("no connector for %s", trap.crm)
			continue
		}
		if stages[trap.crm] == nil {
			stages[trap.crm] = connectortest.NewStage(t, spec, testdata(trap.crm))
		}
		t.Run(trap.crm+": "+trap.name, func(t *testing.T) { trap.spring(t, stages[trap.crm]) })
	}
	for _, spec := range vendors.All() {
		if stages[spec.ID] == nil {
			t.Errorf("no trap of %s is tested", spec.Name)
		}
	}
}

func (p trap) spring(t *testing.T, stage *connectortest.Stage) {
	scene := connectortest.Scene{Op: p.op, Contact: p.contact, Settings: p.settings}
	if scene.Op == "" {
		scene.Op = connector.OpCreate
	}
	if p.status != 0 {
		of := scene.Op
		if p.of != "" {
			of = p.of
		}
		header := http.Header{"Content-Type": {"application/json"}}
		for name, value := range p.header {
			header.Set(name, value)
		}
		scene.Replies = map[string]connector.Reply{of: {Status: p.status, Header: header, Body: []byte(p.body)}}
	}
	out := stage.Play(t, scene)
	p.judge(t, out)
	p.look(t, transcript(out))
	for _, path := range p.warns {
		if !slices.ContainsFunc(out.Warnings, func(w contact.Warning) bool { return w.Field == path }) {
			t.Errorf("no warning of %s: %v", path, out.Warnings)
		}
	}
}

// judge looks at what came of the scene.
func (p trap) judge(t *testing.T, out connectortest.Outcome) {
	t.Helper()
	f := fault.From(out.Err)
	if f == nil {
		f = &fault.Error{}
		if p.kind == "" && p.id != "" && out.Contact.ID != p.id {
			t.Errorf("made %q, want %q", out.Contact.ID, p.id)
		}
	}
	if f.Kind != p.kind {
		t.Errorf("%v, want %q", out.Err, p.kind)
		return
	}
	if f.Kind != "" && f.RemoteID != p.id || f.MaybeApplied != p.maybe {
		t.Errorf("remote id %q, maybe applied %v; want %q, %v", f.RemoteID, f.MaybeApplied, p.id, p.maybe)
	}
	if p.wait != 0 && (f.RetryAfter < p.wait-2*time.Second || f.RetryAfter > p.wait+2*time.Second) {
		t.Errorf("the wait is %v, want %v", f.RetryAfter, p.wait)
	}
	if p.fields != nil && !slices.Equal(f.Fields, p.fields) {
		t.Errorf("fields %v, want %v", f.Fields, p.fields)
	}
}

// look searches the requests.
func (p trap) look(t *testing.T, said string) {
	t.Helper()
	rest := said
	for _, part := range p.sends {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Errorf("%s is not sent, or not in this order: %s", part, said)
			return
		}
		rest = after
	}
	for _, part := range p.lacks {
		if strings.Contains(said, part) {
			t.Errorf("%s is sent: %s", part, said)
		}
	}
}

// transcript is the text of all requests.
func transcript(out connectortest.Outcome) string {
	var b strings.Builder
	for _, r := range out.Requests {
		fmt.Fprintf(&b, "%s %s\n", r.Method, r.URL)
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			fmt.Fprintf(&b, "%s: %s\n", name, r.Header.Get(name))
		}
		fmt.Fprintf(&b, "%s\n", r.Body)
	}
	return b.String()
}
