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

// Run holds a connector to its Spec, to the matrix of fields, to the
// conversations in files, and to what every connector must do.
func Run(t *testing.T, spec *connector.Spec, files fs.FS) {
	t.Run("spec", func(t *testing.T) { sound(t, spec) })
	t.Run("matrix", func(t *testing.T) { matrix(t, spec, Waivers()) })
	t.Run("odd answers", func(t *testing.T) { odd(t, spec) })
	all := conversations(t, spec, files)
	var lines []line
	for _, c := range all {
		t.Run(strings.TrimSuffix(c.name, ".json"), func(t *testing.T) { lines = append(lines, play(t, spec, c)...) })
	}
	b := newBench(t, spec, all, lines)
	t.Run("coverage", func(t *testing.T) { coverage(t, b) })
	t.Run("silence", func(t *testing.T) { silence(t, b) })
	t.Run("required", func(t *testing.T) { required(t, b) })
	t.Run("round trip", func(t *testing.T) { roundTrip(t, spec, all, Waivers()) })
	t.Run("failures", func(t *testing.T) { failures(t, b) })
	t.Run("secrets", func(t *testing.T) { secrets(t, b) })
	t.Run("purity", func(t *testing.T) { purity(t, b) })
	t.Run("mutations", func(t *testing.T) { mutations(t, b, lines) })
	t.Run("updates", func(t *testing.T) { updates(t, b) })
}

// conversations loads all of files, full.json first, and demands those that
// the Spec calls for.
func conversations(t testing.TB, spec *connector.Spec, files fs.FS) []Conversation {
	t.Helper()
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []Conversation
	for _, name := range append([]string{"full.json", "minimal.json", "duplicate.json", "invalid.json"}, names...) {
		if slices.ContainsFunc(all, func(c Conversation) bool { return c.name == name }) {
			continue
		}
		c, err := load(files, name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for _, op := range ops(spec) {
		if !slices.ContainsFunc(all, func(c Conversation) bool { return c.Op == op && c.Want.Error == nil }) {
			t.Errorf("no conversation shows how %s succeeds", op)
		}
	}
	return all
}

// ops lists what a connector can do.
func ops(s *connector.Spec) []string {
	list := []string{connector.OpCreate, connector.OpProbe}
	for op, can := range map[string]bool{
		connector.OpUpdate: s.Update != nil, connector.OpRead: s.Read != nil && !s.ReadBack,
		connector.OpFind: len(s.Find) > 0, opBatch: s.Batch != nil,
	} {
		if can {
			list = append(list, op)
		}
	}
	return list
}

// opBatch is the op of a conversation that makes several contacts at once.
const opBatch = "batch"

// play goes through one conversation and gives what was spoken.
func play(t testing.TB, spec *connector.Spec, c Conversation) []line {
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
	spoken := &tape{Exchanger: script}
	client := connector.NewClient(spoken, nil, At)
	if c.Op == opBatch {
		batch(t, client, spec, acc, c)
	} else {
		single(t, session(t, client, spec, acc, c.Input), spec, c)
	}
	script.end()
	lines := spoken.spoken()
	addresses(t, script.base, lines)
	for i := range lines {
		lines[i].well = c.Want.Error == nil
		if c.Op == opBatch && lines[i].op == connector.OpCreate {
			lines[i].op = opBatch
		}
	}
	return lines
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
