package api

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/account"
	"crmferry/internal/localredis"
	"crmferry/internal/store"
	"crmferry/internal/webhook"
)

func withHooks(t testing.TB) func(*Deps) {
	service := hooks(t)
	return func(d *Deps) { d.Webhooks = service }
}

// hooks is the real service over a Redis in memory. Nothing is sent.
func hooks(t testing.TB) *webhook.Service {
	t.Helper()
	m, err := localredis.StartMemory()
	check(t, err)
	t.Cleanup(m.Stop)
	client := redis.NewClient(&redis.Options{Addr: m.Addr})
	t.Cleanup(func() { _ = client.Close() })
	sealer, err := account.NewSealer(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	check(t, err)
	w := store.New(client, store.Options{ResultTTL: time.Hour, ReceiptTTL: time.Hour}).Webhooks()
	return &webhook.Service{
		Endpoints: w, Deliveries: w, Relay: &webhook.Relay{Made: func([]webhook.Queue) {}}, Sealer: sealer, Now: clock,
	}
}

const hookURL = `{"url":"https://hooks.example.com/a?token=s3cret"}`

func TestWebhookEndpoints(t *testing.T) {
	t.Parallel()
	h := newHarness(t, withHooks(t))
	made := h.ask(t, "POST", endpointsPath, hookURL).wantStatus(t, 201)
	id := made.id(t)
	secret, _ := made.json["secret"].(string)
	if raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_")); err != nil || len(raw) != 32 {
		t.Errorf("secret of %d bytes, %v", len(raw), err)
	}
	if made.Header().Get("Location") != endpointsPath+"/"+id || made.json["payload"] != "full" || made.json["enabled"] != true {
		t.Errorf("%s %s", made.Header().Get("Location"), made.Body)
	}
	for name, a := range map[string]answered{
		"get": h.ask(t, "GET", endpointsPath+"/"+id, ""), "list": h.ask(t, "GET", endpointsPath, ""),
		"change": h.ask(t, "PATCH", endpointsPath+"/"+id, `{"events":["contact.failed","contact.failed"],"payload":"thin","description":"mine"}`),
	} {
		a.wantStatus(t, 200)
		if strings.Contains(a.Body.String(), "whsec_") || !strings.Contains(a.Body.String(), id) {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	changed := h.ask(t, "PATCH", endpointsPath+"/"+id, `{"enabled":false}`).wantStatus(t, 200)
	if fmt.Sprintf("%v %v %v", changed.json["events"], changed.json["payload"], changed.json["disabled_because"]) != "[contact.failed] thin requested" {
		t.Errorf("%s", changed.Body)
	}
	h.ask(t, "POST", endpointsPath+"/"+id+"/test", "").wantStatus(t, 409)
	h.ask(t, "POST", endpointsPath+"/"+id+"/recover?since=2026-01-01T00:00:00Z", "").wantStatus(t, 409)
	h.ask(t, "PATCH", endpointsPath+"/"+id, `{"enabled":true}`).wantStatus(t, 200)
	rotated := h.ask(t, "POST", endpointsPath+"/"+id+"/rotate-secret", "").wantStatus(t, 200)
	if again, _ := rotated.json["secret"].(string); again == secret || again == "" || len(rotated.json["secrets"].([]any)) != 2 {
		t.Errorf("%s", rotated.Body)
	}
	if now := h.ask(t, "POST", endpointsPath+"/"+id+"/rotate-secret?overlap_seconds=0", "").wantStatus(t, 200); len(now.json["secrets"].([]any)) != 1 {
		t.Errorf("%s", now.Body)
	}
	test := h.ask(t, "POST", endpointsPath+"/"+id+"/test", "").wantStatus(t, 202)
	if again := h.ask(t, "POST", endpointsPath+"/"+id+"/test", "").wantStatus(t, 202); again.id(t) != test.id(t) {
		t.Error("two tests within a second")
	}
	h.ask(t, "GET", deliveriesPath+"/"+test.id(t), "").wantStatus(t, 200)
	h.ask(t, "POST", deliveriesPath+"/"+test.id(t)+"/redeliver", "").wantStatus(t, 409)
	if list := h.ask(t, "GET", deliveriesPath+"?status=pending&webhook_endpoint_id="+id, "").wantStatus(t, 200); len(list.json["result"].([]any)) != 1 {
		t.Errorf("%s", list.Body)
	}
	if n := h.ask(t, "POST", endpointsPath+"/"+id+"/recover?since=2026-01-01T00:00:00Z", "").wantStatus(t, 202); n.json["redelivered"] != 0.0 {
		t.Errorf("%s", n.Body)
	}
	h.ask(t, "DELETE", endpointsPath+"/"+id, "").wantStatus(t, 204)
	h.ask(t, "DELETE", endpointsPath+"/"+id, "").wantStatus(t, 404)
}

// TestWebhooksOfAnotherTenant: nothing of one tenant is visible to another.
func TestWebhooksOfAnotherTenant(t *testing.T) {
	t.Parallel()
	h := newHarness(t, withHooks(t))
	id := h.ask(t, "POST", endpointsPath, hookURL).wantStatus(t, 201).id(t)
	delivery := h.ask(t, "POST", endpointsPath+"/"+id+"/test", "").wantStatus(t, 202).id(t)
	other := []string{"Authorization", "Bearer " + otherToken}
	for _, call := range []string{
		"GET " + endpointsPath + "/" + id, "PATCH " + endpointsPath + "/" + id, "DELETE " + endpointsPath + "/" + id,
		"POST " + endpointsPath + "/" + id + "/rotate-secret", "POST " + endpointsPath + "/" + id + "/test",
		"POST " + endpointsPath + "/" + id + "/recover?since=2026-01-01T00:00:00Z",
		"GET " + deliveriesPath + "/" + delivery, "POST " + deliveriesPath + "/" + delivery + "/redeliver",
	} {
		method, path, _ := strings.Cut(call, " ")
		body := ""
		if method == "PATCH" {
			body = `{"enabled":false}`
		}
		h.ask(t, method, path, body, other...).wantStatus(t, 404)
	}
	for _, path := range []string{endpointsPath, deliveriesPath, deliveriesPath + "?webhook_endpoint_id=" + id} {
		if a := h.ask(t, "GET", path, "", other...).wantStatus(t, 200); len(a.json["result"].([]any)) != 0 {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
	reader := []string{"Authorization", "Bearer " + readToken}
	h.ask(t, "GET", endpointsPath, "", reader...).wantStatus(t, 403)
	h.ask(t, "POST", callbackPath, "", reader...).wantStatus(t, 403)
}

func TestBadWebhookRequests(t *testing.T) {
	t.Parallel()
	h := newHarness(t, withHooks(t))
	for name, c := range map[string]struct{ body, want string }{
		"no url":      {`{}`, "/url required"},
		"http":        {`{"url":"http://hooks.example.com/s3cret"}`, "/url https_required"},
		"loopback":    {`{"url":"https://127.0.0.1/s3cret"}`, "/url private_address"},
		"credentials": {`{"url":"https://a:s3cret@hooks.example.com/"}`, "/url credentials_in_url"},
		"port":        {`{"url":"https://hooks.example.com:6379/s3cret"}`, "/url port_not_allowed"},
		"event":       {`{"url":"https://hooks.example.com/","events":["contact.failed","s3cret"]}`, "/events/1 unknown_event"},
		"misspelt":    {`{"url":"https://hooks.example.com/","enable":true}`, "/enable unknown_field"},
		"payload":     {`{"url":"https://hooks.example.com/","payload":"s3cret"}`, "/payload invalid"},
	} {
		a := h.ask(t, "POST", endpointsPath, c.body).wantStatus(t, 422)
		if len(a.faults()) != 1 || a.faults()[0] != c.want {
			t.Errorf("%s: %v", name, a.faults())
		}
		if strings.Contains(a.Body.String(), "s3cret") {
			t.Errorf("%s: the answer repeats the value", name)
		}
	}
	if a := h.ask(t, "GET", endpointsPath, ""); len(a.json["result"].([]any)) != 0 {
		t.Errorf("something was stored: %s", a.Body)
	}
	h.ask(t, "GET", deliveriesPath+"?cursor=x", "").wantStatus(t, 422)
	h.ask(t, "GET", deliveriesPath+"?status=x", "").wantStatus(t, 422)
}

func TestCallbackURL(t *testing.T) {
	t.Parallel()
	h := newHarness(t, withHooks(t))
	query := "&callback_url=" + url.QueryEscape("https://hooks.example.com/x?y=1")
	if a := h.create(t, query, ada).wantStatus(t, 422); a.faults()[0] != "query.callback_url callback_secret_missing" {
		t.Errorf("%v", a.faults())
	}
	if a := h.ask(t, "GET", callbackPath, "").wantStatus(t, 200); len(a.json["secrets"].([]any)) != 0 {
		t.Errorf("%s", a.Body)
	}
	first := h.ask(t, "POST", callbackPath, "").wantStatus(t, 201)
	if first.json["secret"] == nil {
		t.Errorf("%s", first.Body)
	}
	h.ask(t, "POST", callbackPath, "").wantStatus(t, 409)
	if a := h.ask(t, "POST", callbackPath+"/rotate", "").wantStatus(t, 200); a.json["secret"] == first.json["secret"] || len(a.json["secrets"].([]any)) != 2 {
		t.Errorf("%s", a.Body)
	}
	id := h.create(t, query, ada).wantStatus(t, 202).id(t)
	if j, err := h.jobs.Get(t.Context(), "acme", id); err != nil || j.CallbackURL != "https://hooks.example.com/x?y=1" {
		t.Errorf("%q, %v", j.CallbackURL, err)
	}
	if a := h.create(t, "&callback_url=https://10.0.0.1/", ada).wantStatus(t, 422); a.faults()[0] != "query.callback_url private_address" {
		t.Errorf("%v", a.faults())
	}
	h.create(t, query, ada, "Authorization", "Bearer "+otherToken).wantStatus(t, 404)
	h.create(t, query, ada, "Idempotency-Key", "k").wantStatus(t, 202)
	h.create(t, "", ada, "Idempotency-Key", "k").wantStatus(t, 422)
}
