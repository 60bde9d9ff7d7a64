package connectortest

import (
	"context"
	"io/fs"
	"net/http"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/transport"
)

// Stage is a connector before a CRM that answers as it did in testdata.
type Stage struct{ b *bench }

// Scene is one operation about one contact.
type Scene struct {
	Op string // create (with all that follows), update, find, probe or batch
	// Contact is written over the fields that the CRM requires, for an update
	// without them. A batch writes it twice.
	Contact contact.Contact
	// Settings are set beside those of full.json; "" takes one away.
	Settings map[string]string
	// Replies are what the CRM answers otherwise than in testdata, by operation.
	Replies map[string]connector.Reply
}

// Outcome is what came of a Scene.
type Outcome struct {
	Requests []transport.Request
	Contact  contact.Contact   // made or updated
	Matches  []contact.Contact // of a find
	Batch    []connector.BatchAnswer
	Warnings []contact.Warning
	Err      error
}

// NewStage plays the conversations of testdata, and sets up a Stage of them.
func NewStage(t testing.TB, spec *connector.Spec, files fs.FS) *Stage {
	t.Helper()
	b, _ := openBench(t, spec, files)
	return &Stage{b}
}

// Least is a contact with the fields that the CRM requires, and Example one
// with all fields, in values that the CRM of testdata knows.
func (s *Stage) Least() contact.Contact   { return s.b.least.Contact }
func (s *Stage) Example() contact.Contact { return s.b.example }

// Play goes through one scene.
func (s *Stage) Play(t testing.TB, scene Scene) Outcome {
	t.Helper()
	b := *s.b
	b.acc.Settings = map[string]string{}
	for _, settings := range []map[string]string{s.b.acc.Settings, scene.Settings} {
		for key, value := range settings {
			b.acc.Settings[key] = value
		}
	}
	p := &tape{Exchanger: b.otherwise(scene.Replies)}
	out := b.play(t, p, scene)
	for _, l := range p.spoken() {
		out.Requests = append(out.Requests, l.request)
	}
	return out
}

func (b *bench) play(t testing.TB, crm connector.Exchanger, scene Scene) (out Outcome) {
	t.Helper()
	ctx := context.Background()
	in := over(b.least, scene.Contact)
	switch scene.Op {
	case connector.OpUpdate:
		session := b.session(t, crm, contact.Input{Contact: scene.Contact})
		var a connector.Answer
		a, out.Err = session.Update(ctx, b.record, send)
		out.Contact, out.Warnings = a.Contact, session.Warnings()
	case connector.OpFind:
		var found connector.Found
		found, out.Err = b.session(t, crm, in).Find(ctx)
		out.Matches = found.Matches
	case connector.OpProbe:
		_, out.Err = b.session(t, crm, in).Probe(ctx)
	case opBatch:
		sessions := []*connector.Session{b.session(t, crm, in), b.session(t, crm, in)}
		out.Batch, out.Err = connector.CreateBatch(ctx, sessions, send)
	default:
		var made *contact.Contact
		if made, out.Warnings, out.Err = Carry(ctx, b.session(t, crm, in), b.spec); made != nil {
			out.Contact = *made
		}
	}
	return out
}

// otherwise answers some operations by replies, and the others as in testdata.
func (b *bench) otherwise(replies map[string]connector.Reply) connector.Exchanger {
	return exchangerFunc(func(ctx context.Context, r transport.Request) (*transport.Response, error) {
		reply, ok := replies[op(r)]
		if !ok {
			return b.crm.Do(ctx, r)
		}
		header := reply.Header
		if header == nil {
			header = http.Header{}
		}
		return &transport.Response{Status: reply.Status, Header: header, Body: reply.Body}, nil
	})
}
