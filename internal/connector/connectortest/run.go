package connectortest

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// Run holds a connector to its Spec and to the conversations in files, of
// which full.json, minimal.json, duplicate.json and invalid.json must be there.
func Run(t *testing.T, spec *connector.Spec, files fs.FS) {
	t.Run("spec", func(t *testing.T) {
		t.Parallel()
		sound(t, spec)
	})
	t.Run("odd answers", func(t *testing.T) {
		t.Parallel()
		odd(t, spec)
	})
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, needed := range []string{"full.json", "minimal.json", "duplicate.json", "invalid.json"} {
		if !slices.Contains(names, needed) {
			t.Errorf("testdata/%s is missing", needed)
		}
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			t.Parallel()
			c, err := load(files, name)
			if err != nil {
				t.Fatal(err)
			}
			play(t, spec, c)
		})
	}
}

// play goes through one conversation.
func play(t testing.TB, spec *connector.Spec, c Conversation) {
	t.Helper()
	if u, err := url.Parse(c.Source); err != nil || u.Scheme != "https" {
		t.Error("source must be the address of the vendor's document")
	}
	acc := account(spec, c)
	script := &transcript{t: t, base: origin(spec, acc.Settings), left: c.Exchange}
	for key, value := range acc.Credential.Values {
		if key != "username" && key != "client_id" && key != "expires_at" {
			script.secrets = append(script.secrets, value)
		}
	}
	client := connector.NewClient(script, nil, func() time.Time { return At() })
	if c.Op == "batch" {
		batch(t, client, spec, acc, c)
	} else {
		single(t, session(t, client, spec, acc, c.Input), spec, c)
	}
	script.end()
}

func session(t testing.TB, client *connector.Client, spec *connector.Spec, acc connector.Account, raw json.RawMessage) *connector.Session {
	t.Helper()
	in, err := input(raw)
	if err != nil {
		t.Fatal(err)
	}
	s, err := client.Session(spec, acc, connector.Job{Input: in, Key: Key, At: At()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func single(t testing.TB, s *connector.Session, spec *connector.Spec, c Conversation) {
	t.Helper()
	var got Want
	var err error
	warnings := s.Warnings
	switch ctx := context.Background(); c.Op {
	case connector.OpCreate:
		in, _ := input(c.Input)
		if missing := spec.Missing(in, c.Settings); len(missing) > 0 {
			t.Errorf("the input lacks %v, which the API would not let through", missing)
		}
		var all []contact.Warning
		got.Contact, all, err = Carry(ctx, s, spec)
		warnings = func() []contact.Warning { return all }
	case connector.OpUpdate:
		got.Contact, err = answer(s.Update(ctx, c.ID, send))
	case connector.OpRead:
		got.Contact, err = answer(s.Read(ctx, c.ID))
	case connector.OpFind:
		var found connector.Found
		found, err = s.Find(ctx)
		got.Contacts = &found.Matches
	case connector.OpProbe:
		var who connector.Identity
		who, err = s.Probe(ctx)
		got.Identity = &who
	default:
		t.Fatalf("unknown op %q", c.Op)
	}
	compare(t, c.Want, outcome(got, err, c.Want))
	if diff := cmp.Diff(c.Warnings, bare(t, warnings())); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// Carry carries a contact across as a job does: create, the calls that follow,
// the read-back. A step that is refused, or lost without proof that it took
// effect, is a warning.
func Carry(ctx context.Context, s *connector.Session, spec *connector.Spec) (*contact.Contact, []contact.Warning, error) {
	a, err := s.Create(ctx, send)
	warnings := s.Warnings()
	if err != nil {
		return nil, warnings, err
	}
	steps, err := s.Steps(ctx, a.Contact)
	if err != nil {
		return nil, warnings, err
	}
	out, done := a.Contact, []connector.Step(nil)
	for _, step := range steps {
		if err := do(ctx, s, step); err != nil {
			f := fault.From(err)
			warnings = append(warnings, contact.Warning{Field: step.Path, Code: string(f.Kind), Message: f.Message})
			continue
		}
		done = append(done, step)
	}
	if spec.ReadBack {
		read, err := s.Read(ctx, out.ID)
		if err != nil {
			return nil, warnings, err
		}
		out = read.Contact
	}
	for _, step := range done {
		if step.Done != nil {
			step.Done(&out)
		}
	}
	return &out, warnings, nil
}

func do(ctx context.Context, s *connector.Session, step connector.Step) error {
	err := s.Do(ctx, step, send)
	if fault.KindOf(err) != fault.OutcomeUnknown || step.Check == nil {
		return err
	}
	if applied, checkErr := s.Applied(ctx, step); applied || checkErr != nil {
		return checkErr
	}
	return err
}

func batch(t testing.TB, client *connector.Client, spec *connector.Spec, acc connector.Account, c Conversation) {
	t.Helper()
	var sessions []*connector.Session
	for _, raw := range c.Inputs {
		sessions = append(sessions, session(t, client, spec, acc, raw))
	}
	answers, err := connector.CreateBatch(context.Background(), sessions, send)
	if err != nil || len(answers) != len(c.Want.Results) {
		compare(t, c.Want, outcome(Want{}, err, c.Want))
		return
	}
	for i, a := range answers {
		compare(t, c.Want.Results[i], outcome(Want{Contact: &a.Contact}, a.Err, c.Want.Results[i]))
	}
}

func send(connector.Draft) (time.Time, error) { return time.Time{}, nil }

func answer(a connector.Answer, err error) (*contact.Contact, error) { return &a.Contact, err }

// outcome is what came of a conversation; the wait is told where it is wanted.
func outcome(got Want, err error, want Want) Want {
	f := fault.From(err)
	if f == nil {
		return got
	}
	e := &Error{Kind: f.Kind, Code: f.Code, Fields: f.Fields, RemoteID: f.RemoteID}
	if want.Error != nil && want.Error.RetryAfter != "" {
		e.RetryAfter = f.RetryAfter.String()
	}
	return Want{Error: e}
}

// compare goes by JSON, in which numbers of custom fields are alike.
func compare(t testing.TB, want, got Want) {
	t.Helper()
	a, errA := json.Marshal(want)
	b, errB := json.Marshal(got)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if diff := cmp.Diff(tree(a), tree(b)); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

func bare(t testing.TB, list []contact.Warning) []Warning {
	t.Helper()
	var out []Warning
	for _, w := range list {
		if w.Message == "" {
			t.Errorf("the warning %s %s says nothing", w.Field, w.Code)
		}
		out = append(out, Warning{w.Field, w.Code})
	}
	return out
}
