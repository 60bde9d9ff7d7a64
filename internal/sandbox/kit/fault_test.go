package kit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"crmferry/internal/sandbox/kit"
)

// tiny is the least that an imitation can be.
func tiny() kit.Spec {
	text := func(status int, body string) func(*kit.Call) kit.Reply {
		return func(*kit.Call) kit.Reply { return kit.JSON(status, map[string]string{"error": body}) }
	}
	return kit.Spec{
		Slug: "tiny", Credential: kit.Bearer, NewID: kit.DecimalID,
		Connect: func(account, base string) (auth, settings map[string]string) {
			return map[string]string{"access_token": kit.Token("tiny", account)}, map[string]string{"instance_url": base}
		},
		Identity: func(data map[string]any) kit.Identity {
			return kit.Identity{Name: kit.Text(data, "name"), Emails: []string{kit.Text(data, "email")}}
		},
		Seed: func(_ *kit.Account, p kit.Person) map[string]any {
			return map[string]any{"name": p.LastName, "email": p.Email}
		},
		Routes: map[string]kit.Handler{
			"POST /contacts": func(c *kit.Call) kit.Reply {
				data, err := c.Object()
				if err != nil {
					return kit.JSON(400, "bad")
				}
				return kit.JSON(201, map[string]any{"id": c.Create("create", data).ID, "name": data["name"]})
			},
			"GET /contacts": func(c *kit.Call) kit.Reply { return kit.JSON(200, len(c.Account.Contacts.All())) },
		},
		Public: map[string]kit.Handler{"GET /versions": text(200, "none")},
		Limits: []kit.Limit{{Name: "second", Requests: 2, Per: time.Second}},
		Idempotency: &kit.Idempotency{
			Header: "Idempotency-Key", TTL: time.Minute, Conflict: text(409, "twin"),
			Replayed: func(r kit.Reply) kit.Reply { return r.With("Replayed", "true") },
		},
		Errors: kit.Errors{
			Unauthorized: func(c *kit.Call, _ kit.AuthFault) kit.Reply { return text(401, "who")(c) },
			NotFound:     func(c *kit.Call, _ []string) kit.Reply { return text(404, "where")(c) },
			Limited:      func(c *kit.Call, _ kit.Usage) kit.Reply { return text(429, "slow down")(c) },
			ServerError:  text(500, "oops"), Unavailable: text(503, "later"),
		},
	}
}

// serve runs tiny on a socket.
func serve(t *testing.T) (*kit.CRM, string) {
	t.Helper()
	crm := kit.New(tiny(), kit.Options{Unlimited: true})
	server := httptest.NewServer(crm)
	t.Cleanup(server.Close)
	t.Cleanup(crm.ClearFaults) // before Close, which waits for what is held
	return crm, server.URL
}

func post(ctx context.Context, url, key string) (status int, body string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/contacts", strings.NewReader(`{"name":"Ada Lovelace","email":"ada@x.example"}`))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer sbx_tiny_acme")
	r.Header.Set("Idempotency-Key", key)
	r.GetBody = nil // else net/http sends it again after a reset
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw), err
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  kit.Fault
		status int
		body   string // part of it
		err    error
		stored int
	}{
		"delay":             {kit.Fault{Do: kit.Delay, Delay: kit.Duration(time.Millisecond)}, 201, "Ada", nil, 1},
		"status":            {kit.Fault{Do: kit.Status, Status: 418, Body: "teapot"}, 418, "teapot", nil, 0},
		"default status":    {kit.Fault{Do: kit.Status}, 500, "", nil, 0},
		"limited":           {kit.Fault{Do: kit.Status, Vendor: kit.VendorLimited}, 429, "slow down", nil, 0},
		"server error":      {kit.Fault{Do: kit.Status, Vendor: kit.VendorServerError}, 500, "oops", nil, 0},
		"unavailable":       {kit.Fault{Do: kit.Status, Vendor: kit.VendorUnavailable}, 503, "later", nil, 0},
		"unauthorized":      {kit.Fault{Do: kit.Status, Vendor: kit.VendorUnauthorized}, 401, "who", nil, 0},
		"html":              {kit.Fault{Do: kit.HTML}, 502, "<html>", nil, 0},
		"reset before":      {kit.Fault{Do: kit.ResetBefore}, 0, "", syscall.ECONNRESET, 0},
		"reset after":       {kit.Fault{Do: kit.ResetAfter}, 0, "", syscall.ECONNRESET, 0},
		"write then reset":  {kit.Fault{Do: kit.WriteThenReset}, 0, "", syscall.ECONNRESET, 1},
		"write then close":  {kit.Fault{Do: kit.WriteThenClose}, 0, "", io.EOF, 1},
		"write then status": {kit.Fault{Do: kit.WriteThenStatus}, 500, "", nil, 1},
		"write then vendor": {kit.Fault{Do: kit.WriteThenStatus, Vendor: kit.VendorUnavailable}, 503, "later", nil, 1},
		"write then delay":  {kit.Fault{Do: kit.WriteThenDelay, Delay: kit.Duration(time.Millisecond)}, 201, "Ada", nil, 1},
		"truncate":          {kit.Fault{Do: kit.Truncate}, 201, `{"id":`, io.ErrUnexpectedEOF, 1},
		"empty":             {kit.Fault{Do: kit.Empty2xx}, 201, "", nil, 1},
		"unknown kind":      {kit.Fault{Do: "vanish"}, 500, "no such kind", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crm, url := serve(t)
			in := crm.Inject(test.fault)
			status, body, err := post(t.Context(), url, "")
			if status != test.status || !strings.Contains(body, test.body) || !errors.Is(err, test.err) {
				t.Errorf("got %d %q %v, want %d %q %v", status, body, err, test.status, test.body, test.err)
			}
			if n := crm.Count(""); n != test.stored {
				t.Errorf("%d stored, want %d", n, test.stored)
			}
			if n := in.Struck(); n != 1 {
				t.Errorf("struck %d times, want once", n)
			}
		})
	}
}

// hung posts in the background and cancels the post when told to.
func hung(t *testing.T, url, key string) (cancel func(), result <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		status, _, err := post(ctx, url, key)
		if err == nil && status != http.StatusCreated {
			err = errors.New(http.StatusText(status))
		}
		done <- err
	}()
	return cancel, done
}

func TestHold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind          kit.Kind
		whileHeld     int
		afterRelease  int
		afterLeaving  int
		clientLeaves  bool
		releasedByEnd bool
	}{
		{kind: kit.Hold, whileHeld: 0, afterRelease: 1},
		{kind: kit.Hold, whileHeld: 0, afterRelease: 1, releasedByEnd: true},
		{kind: kit.Hold, whileHeld: 0, afterLeaving: 0, clientLeaves: true},
		{kind: kit.WriteThenHold, whileHeld: 1, afterRelease: 1},
		{kind: kit.WriteThenHold, whileHeld: 1, afterLeaving: 1, clientLeaves: true},
	} {
		crm, url := serve(t)
		in := crm.Inject(kit.Fault{Do: test.kind})
		leave, result := hung(t, url, "")
		if err := in.Wait(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if n := crm.Count(""); n != test.whileHeld {
			t.Errorf("%+v: %d stored while held", test, n)
		}
		want := test.afterRelease
		switch {
		case test.clientLeaves:
			want = test.afterLeaving
			leave()
		case test.releasedByEnd:
			crm.ClearFaults()
		default:
			in.Release()
		}
		if err := <-result; (err != nil) != test.clientLeaves {
			t.Errorf("%+v: %v", test, err)
		}
		if err := crm.Wait(t.Context(), 1, func(r kit.Request) bool { return r.Done }); err != nil {
			t.Fatal(err)
		}
		if n := crm.Count(""); n != want {
			t.Errorf("%+v: %d stored, want %d", test, n, want)
		}
		leave()
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	crm, url := serve(t)
	in := crm.Inject(kit.Fault{Do: kit.WriteThenHold, Times: 1})
	leave, result := hung(t, url, "k")
	defer leave()
	if err := in.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if status, _, err := post(t.Context(), url, "k"); status != http.StatusConflict || err != nil {
		t.Errorf("twin: %d %v", status, err)
	}
	in.Release()
	if err := <-result; err != nil {
		t.Error(err)
	}
	if err := crm.Wait(t.Context(), 2, func(r kit.Request) bool { return r.Done }); err != nil {
		t.Fatal(err)
	}
	if status, body, err := post(t.Context(), url, "k"); status != http.StatusCreated || err != nil {
		t.Errorf("replay: %d %s %v", status, body, err)
	}
	if status, _, err := post(t.Context(), url, "other"); status != http.StatusCreated || err != nil {
		t.Errorf("other key: %d %v", status, err)
	}
	entries := crm.Ledger("acme")
	if len(entries) != 2 || entries[0].Key != "k" || entries[1].Key != "other" {
		t.Errorf("ledger: %+v", entries)
	}
}

func TestFaultSelection(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault kit.Fault
		want  []int
	}{
		"for ever":      {kit.Fault{}, []int{500, 500, 500, 500}},
		"skip":          {kit.Fault{Skip: 2}, []int{201, 201, 500, 500}},
		"times":         {kit.Fault{Times: 1}, []int{500, 201, 201, 201}},
		"skip, times":   {kit.Fault{Skip: 1, Times: 2}, []int{201, 500, 500, 201}},
		"other account": {kit.Fault{Match: kit.Match{Account: "other"}}, []int{201, 201, 201, 201}},
		"other method":  {kit.Fault{Match: kit.Match{Method: "GET"}}, []int{201, 201, 201, 201}},
		"other path":    {kit.Fault{Match: kit.Match{Path: regexp.MustCompile("^/people")}}, []int{201, 201, 201, 201}},
		"path":          {kit.Fault{Match: kit.Match{Path: regexp.MustCompile("^/contacts$")}, Times: 1}, []int{500, 201, 201, 201}},
		"body":          {kit.Fault{Match: kit.Match{Body: regexp.MustCompile("Lovelace")}, Times: 1}, []int{500, 201, 201, 201}},
		"other body":    {kit.Fault{Match: kit.Match{Body: regexp.MustCompile("Byron")}}, []int{201, 201, 201, 201}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crm, url := serve(t)
			test.fault.Do = kit.Status
			crm.Inject(test.fault)
			for i, want := range test.want {
				if status, _, err := post(t.Context(), url, ""); status != want || err != nil {
					t.Errorf("request %d: %d %v, want %d", i, status, err, want)
				}
			}
		})
	}
}

func TestFaultProbability(t *testing.T) {
	t.Parallel()
	strikes := func(seed uint64) (list string) {
		crm := kit.New(tiny(), kit.Options{Unlimited: true})
		crm.Inject(kit.Fault{Do: kit.Status, Probability: 0.5, Seed: seed})
		for range 200 {
			w := httptest.NewRecorder()
			crm.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/versions", nil))
			list += string(rune('0' + w.Code/100))
		}
		return list
	}
	first := strikes(1)
	if n := strings.Count(first, "5"); n < 60 || n > 140 {
		t.Errorf("%d of 200 struck", n)
	}
	if first != strikes(1) {
		t.Error("the same seed struck differently")
	}
	if first == strikes(2) {
		t.Error("another seed struck alike")
	}
}

func TestFaultValidate(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]kit.Fault{
		"kind": {Do: "vanish"}, "vendor": {Do: kit.Status, Vendor: "x"}, "times": {Do: kit.Hold, Times: -1},
		"probability": {Do: kit.Hold, Probability: 2}, "status": {Do: kit.Status, Status: 99},
	} {
		if f.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, kind := range kit.Kinds() {
		if err := (kit.Fault{Do: kind}).Validate(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
