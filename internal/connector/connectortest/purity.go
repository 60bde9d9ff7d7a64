package connectortest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

var errSeen = errors.New("the request was seen and not sent")

// purity makes one request a hundred times, by 16 at once on one Spec: it is
// the same each time, and the input stays as it was.
func purity(t testing.TB, b *bench) {
	t.Helper()
	client := connector.NewClient(b.crm, nil, At)
	want := b.draft(t, client)
	var wg sync.WaitGroup
	drafts := make([]string, 16)
	for i := range drafts {
		wg.Go(func() { drafts[i] = b.draft(t, client) })
	}
	wg.Wait()
	for range 100 - len(drafts) {
		drafts = append(drafts, b.draft(t, client))
	}
	for _, got := range drafts {
		if got != want {
			t.Errorf("the request differs (-first +other):\n%s", cmp.Diff(want, got))
			return
		}
	}
	untouched(t, b)
}

// draft is the create request of a whole contact.
func (b *bench) draft(t testing.TB, client *connector.Client) string {
	t.Helper()
	var draft []byte
	_, err := b.talk(t, client, contact.Normalize(contact.Input{Contact: b.example})).Create(context.Background(),
		func(d connector.Draft) (time.Time, error) {
			draft, _ = json.Marshal(d)
			return time.Time{}, errSeen
		})
	if !errors.Is(err, errSeen) {
		t.Errorf("the whole contact cannot be sent: %v", err)
	}
	return string(draft)
}

// untouched does everything with an input, and looks whether it is still the same.
func untouched(t testing.TB, b *bench) {
	t.Helper()
	in := contact.Normalize(contact.Input{Contact: b.example, RemoteData: map[string]any{"okapi": map[string]any{"neck": "long"}}})
	before, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	s := b.talk(t, connector.NewClient(b.crm, nil, At), in)
	ctx := context.Background()
	if _, _, err := Carry(ctx, s, b.spec); err != nil {
		t.Errorf("the whole contact: %v", err)
	}
	if b.spec.Update != nil {
		_, _ = s.Update(ctx, b.record, send)
	}
	_, _ = s.Find(ctx)
	after, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(before), string(after)); diff != "" {
		t.Errorf("the input was changed:\n%s", diff)
	}
}
