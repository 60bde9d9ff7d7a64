package connector

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/transport"
)

// board is a CRM that wants a column's id before a contact, and an id per tag.
func board() *Spec {
	spec := acme()
	spec.Errors = Errors{
		Codes: map[string]fault.Kind{"no_column": fault.Invalid}, Stale: []string{"NO_COLUMN"},
	}
	text := func(_ *Call, _ string, r Reply) (any, error) { return DecodeJSON[string](r) }
	spec.Prepare = []Discovery{
		{
			Name: "column", Decode: text, Life: time.Minute,
			Request: func(*Call, string) (Request, error) { return Request{Method: "GET", Path: "/column"}, nil },
		},
		{
			Name: "tag", Decode: text, Optional: true,
			Keys: func(c *Call) []string { return strings.Fields(Prepared[string](c, "column", "") + "-a") },
			Request: func(_ *Call, key string) (Request, error) {
				return Request{Method: "POST", Path: "/tags", Body: person{Name: key}}, nil
			},
		},
	}
	spec.Create.Request = func(c *Call) (Request, error) {
		column := Prepared[string](c, "column", "")
		return Request{
			Method: "POST", Path: "/people",
			Body:   map[string]string{column: c.Input.Name, "tag": Prepared[string](c, "tag", column+"-a")},
			Header: map[string]string{"Acme-Key": c.Key},
		}, nil
	}
	return spec
}

func paths(requests []transport.Request) []string {
	var list []string
	for _, r := range requests {
		list = append(list, strings.TrimPrefix(r.URL, "https://api.acme.example/v1"))
	}
	return list
}

func TestDiscoveriesFeedEachOtherAndAreKept(t *testing.T) {
	t.Parallel()
	http := &script{replies: []reply{
		ok(`"c1"`), ok(`"t1"`), ok(`{"id":"1"}`), // the first contact
		ok(`{"id":"2"}`),                         // the second
		ok(`"c2"`), ok(`"t2"`), ok(`{"id":"3"}`), // the third, a life later
		ok(`"c3"`), ok(`"t3"`), ok(`{"id":"4"}`), // of another account
	}}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	client := NewClient(http, nil, func() time.Time { return now })
	create := func(acc Account, wait time.Duration) {
		now = now.Add(wait)
		if _, err := sessionOf(t, client, board(), acc, ada()).Create(context.Background(), unmarked); err != nil {
			t.Fatal(err)
		}
	}
	create(account(), 0)
	create(account(), time.Minute)
	create(account(), time.Second)
	changed := account()
	changed.Revision = "2"
	create(changed, 0)
	want := []string{"/column", "/tags", "/people", "/people", "/column", "/tags", "/people", "/column", "/tags", "/people"}
	if diff := cmp.Diff(want, paths(http.seen)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"c1": "Ada Lovelace", "tag": "t1"}, tree(t, http.seen[3].Body)); diff != "" {
		t.Errorf("second contact: %s", diff)
	}
}

func TestStaleDiscoveryIsMadeAnewOnce(t *testing.T) {
	t.Parallel()
	gone := reply{status: http.StatusBadRequest, body: `{"code":"no_column","message":"gone"}`}
	script := &script{replies: []reply{
		ok(`"c1"`), ok(`"t1"`), ok(`{"id":"1"}`),
		gone, ok(`"c2"`), ok(`"t2"`), ok(`{"id":"2"}`), // cached and refused: made anew
		gone, ok(`"c3"`), ok(`"t3"`), gone, // refused again: final
		ok(`{"id":"3"}`),
	}}
	client := NewClient(script, nil, nil)
	spec := board()
	spec.Idempotency.Kind = KeyHeader
	create := func() error {
		_, err := sessionOf(t, client, spec, account(), ada()).Create(context.Background(), unmarked)
		return err
	}
	if err := create(); err != nil {
		t.Fatal(err)
	}
	if err := create(); err != nil {
		t.Fatal(err)
	}
	first, second := script.seen[3].Header.Get("Acme-Key"), script.seen[6].Header.Get("Acme-Key")
	if first != testKey || second == testKey || len(second) != len(testKey) {
		t.Errorf("keys %q and %q: a refused key must not be used for another body", first, second)
	}
	if f := faultOf(t, create()); f.Kind != fault.Invalid || f.Code != "no_column" {
		t.Errorf("fault = %+v", f)
	}
	if err := create(); err != nil {
		t.Fatal(err)
	}
	if len(script.seen) != len(script.replies) {
		t.Errorf("%d requests, want %d", len(script.seen), len(script.replies))
	}
}

func TestFreshDiscoveryIsNotMadeAnew(t *testing.T) {
	t.Parallel()
	gone := reply{status: http.StatusBadRequest, body: `{"code":"no_column"}`}
	s, script := open(t, board(), ada(), ok(`"c1"`), ok(`"t1"`), gone)
	if _, err := s.Create(context.Background(), unmarked); fault.KindOf(err) != fault.Invalid {
		t.Errorf("err = %v", err)
	}
	if len(script.seen) != 3 {
		t.Errorf("%d requests", len(script.seen))
	}
}

func TestDiscoveryFails(t *testing.T) {
	t.Parallel()
	limited := reply{status: http.StatusTooManyRequests, header: http.Header{"Retry-After": {"3"}}}
	forbidden := reply{status: http.StatusForbidden, body: `{"message":"no scope"}`}
	tests := []struct {
		name    string
		replies []reply
		want    fault.Kind
	}{
		{"refused", []reply{forbidden}, fault.Forbidden},
		{"unreadable", []reply{ok(`[`)}, fault.BadResponse},
		{"limited, though optional", []reply{ok(`"c1"`), limited}, fault.RateLimited},
		{"lost, though optional", []reply{ok(`"c1"`), {err: &transport.Error{Reason: transport.Reset, Sent: true}}}, fault.Unavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, script := open(t, board(), ada(), tt.replies...)
			_, err := s.Create(context.Background(), unmarked)
			if f := faultOf(t, err); f.Kind != tt.want || f.Op != OpPrepare {
				t.Errorf("fault = %+v", f)
			}
			if len(script.seen) != len(tt.replies) {
				t.Errorf("%d requests", len(script.seen))
			}
		})
	}
}

func TestRefusedOptionalDiscoveryIsNoValue(t *testing.T) {
	t.Parallel()
	s, script := open(t, board(), ada(), ok(`"c1"`), reply{status: http.StatusForbidden}, ok(`{"id":"1"}`))
	if _, err := s.Create(context.Background(), unmarked); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, script.seen[2].Body)["tag"]; got != "" {
		t.Errorf("tag = %v", got)
	}
}

// slow answers a discovery only when it is let to.
type slow struct {
	script
	asked chan struct{}
	goOn  chan struct{}
}

func (s *slow) Do(ctx context.Context, r transport.Request) (*transport.Response, error) {
	if strings.HasSuffix(r.URL, "/column") {
		s.asked <- struct{}{}
		<-s.goOn
	}
	return s.script.Do(ctx, r)
}

func TestOneAsksForAll(t *testing.T) {
	t.Parallel()
	http := &slow{asked: make(chan struct{}, 9), goOn: make(chan struct{})}
	http.replies = []reply{ok(`"c1"`), ok(`"c1"`), ok(`"c1"`), ok(`"c1"`)}
	client := NewClient(http, nil, nil)
	spec := board()
	spec.Prepare = spec.Prepare[:1]
	sessions := []*Session{sessionOf(t, client, spec, account(), ada()), sessionOf(t, client, spec, account(), ada())}
	var wg sync.WaitGroup
	for _, s := range sessions {
		wg.Go(func() {
			if _, err := s.prepare(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	<-http.asked
	close(http.goOn)
	wg.Wait()
	// The later one either joined the first or found its answer in the cache.
	if len(http.seen) != 1 {
		t.Errorf("%d requests", len(http.seen))
	}
	for _, s := range sessions {
		if got := Prepared[string](s.call, "column", ""); got != "c1" {
			t.Errorf("column = %q", got)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	c := newDiscoveryCache(func() time.Time { return now })
	for i := range discoveryMax + 10 {
		c.put(discoveryKey{name: "n", key: string(rune(i))}, i, 0)
	}
	if len(c.entries) > discoveryMax {
		t.Errorf("%d entries", len(c.entries))
	}
	last := discoveryKey{name: "n", key: string(rune(discoveryMax + 9))}
	if _, ok := c.get(last); !ok {
		t.Error("the newest entry is gone")
	}
}

func TestPreparedOfAnotherType(t *testing.T) {
	t.Parallel()
	c := &Call{}
	if got := Prepared[[]string](c, "none", ""); got != nil {
		t.Errorf("nothing prepared: %v", got)
	}
	c.SetPrepared("n", "k", 7)
	if got := Prepared[string](c, "n", "k"); got != "" {
		t.Errorf("another type: %q", got)
	}
	if got := Prepared[int](c, "n", "k"); got != 7 {
		t.Errorf("own type: %d", got)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	spec := acme()
	spec.Fields.Notes = map[contact.Field]string{contact.CreatedAt: "Acme sets it itself"}
	spec.Create.Request = func(c *Call) (Request, error) {
		c.Warn("phone_numbers/1", "no_room", "one number only")
		return encodeAcme(c)
	}
	at := time.Now()
	in := ada()
	in.CreatedAt, in.Tags = &at, []contact.Tag{{Name: "VIP"}}
	s, _ := open(t, spec, in, ok(`{"id":"1"}`), ok(`{"id":"1"}`), ok(`{"id":"1"}`))
	unsupported := []contact.Warning{
		{Field: "tags", Code: "unsupported", Message: "Acme cannot hold this field; it was left out"},
		{Field: "created_at", Code: "unsupported", Message: "Acme sets it itself"},
	}
	noRoom := contact.Warning{Field: "phone_numbers/1", Code: "no_room", Message: "one number only"}
	for range 2 { // a second try does not say it twice
		if _, err := s.Create(context.Background(), unmarked); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append(unsupported[:2:2], noRoom), s.Warnings()); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := s.Read(context.Background(), "1"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(unsupported, s.Warnings()); diff != "" {
		t.Errorf("after a read: %s", diff)
	}
}

func TestUnsupportedQuery(t *testing.T) {
	t.Parallel()
	in := ada()
	in.RemoteQuery = map[string][]string{"a": {"1"}}
	spec := acme()
	if got := spec.Unsupported(in); got != nil {
		t.Errorf("warnings %v", got)
	}
	spec.RemoteDataAt = RemoteDataByHand
	want := []contact.Warning{{
		Field: "query.remote_query", Code: "unsupported", Message: "Acme takes no query parameters; they were left out",
	}}
	if diff := cmp.Diff(want, spec.Unsupported(in)); diff != "" {
		t.Error(diff)
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	spec := acme()
	spec.Fields.Requires = []contact.Field{contact.LastName, contact.EmailAddresses}
	if diff := cmp.Diff([]contact.Field{contact.EmailAddresses}, spec.Missing(ada(), nil)); diff != "" {
		t.Error(diff)
	}
	spec.Fields.Defaults = map[contact.Field]string{contact.EmailAddresses: "default_email"}
	if got := spec.Missing(ada(), Settings{"default_email": "x"}); got != nil {
		t.Errorf("missing in spite of a default: %v", got)
	}
	if got := spec.Missing(ada(), Settings{}); len(got) != 1 {
		t.Errorf("missing without a default: %v", got)
	}
}
