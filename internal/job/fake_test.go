package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"crmferry/internal/transport"
)

// crm imitates a CRM as a connector.Exchanger. Each create takes the next of
// its moods.
type crm struct {
	mu       sync.Mutex
	clock    func() time.Time
	lag      time.Duration     // of look-ups
	unique   bool              // it refuses a second record with an e-mail
	byKey    map[string]string // answers remembered by idempotency key, nil for none
	records  []record
	moods    []string
	steps    []string // moods of follow-up calls
	noted    []string // follow-up calls that took effect
	creates  int
	unfenced bool        // a create came without a time until which it may be sent
	sent     []time.Time // when each create was
	calls    []string
	late     []arrival
	blind    int // the status that look-ups are refused with, 0 for none
	// cancel and die are what a caller and a worker may do while a create is out.
	cancel, die func()
	forget      func() // the store's master is replaced by a copy that knows nothing of it
	overtake    func() // the worker is silent for so long that another carries the job on
}

type record struct {
	ID, Email, First, Key string
	At                    time.Time
}

// arrival is a create that takes effect after its sender has lost sight of it.
type arrival struct {
	at    time.Time
	store func() (*transport.Response, error)
}

func lost(sent bool) error {
	return &transport.Error{Sent: sent, Reason: transport.Reset, Err: errors.New("reset")}
}

func answer(status int, body string) (*transport.Response, error) {
	return &transport.Response{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}, nil
}

func refuse(status int, retryAfter string) (*transport.Response, error) {
	resp, err := answer(status, `{}`)
	resp.Header.Set("Retry-After", retryAfter)
	return resp, err
}

func (c *crm) Do(_ context.Context, r transport.Request) (*transport.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.arrive()
	u, _ := url.Parse(r.URL)
	c.calls = append(c.calls, r.Method+" "+u.Path)
	switch {
	case r.Method == "POST" && u.Path == "/contacts":
		return c.create(r, "")
	case r.Method == "PUT" && strings.HasPrefix(u.Path, "/contacts/"):
		return c.create(r, strings.TrimPrefix(u.Path, "/contacts/"))
	case r.Method == "GET" && u.Path == "/contacts":
		return c.search(u.Query())
	case r.Method == "GET" && u.Path == "/notes":
		return answer(200, fmt.Sprintf(`{"count":%d}`, len(c.noted)))
	case r.Method == "GET":
		return c.read(strings.TrimPrefix(u.Path, "/contacts/"))
	case r.Method == "PATCH":
		return c.read(strings.TrimPrefix(u.Path, "/contacts/"))
	default:
		return c.note()
	}
}

// arrive lets those creates take effect whose time has come.
func (c *crm) arrive() {
	for len(c.late) > 0 && !c.clock().Before(c.late[0].at) {
		_, _ = c.late[0].store()
		c.late = c.late[1:]
	}
}

// holds counts the records in the end.
func (c *crm) holds() int {
	for ; len(c.late) > 0; c.late = c.late[1:] {
		_, _ = c.late[0].store()
	}
	return len(c.records)
}

func next(moods *[]string) string {
	if len(*moods) == 0 {
		return ""
	}
	mood := (*moods)[0]
	*moods = (*moods)[1:]
	return mood
}

func (c *crm) create(r transport.Request, id string) (*transport.Response, error) {
	c.creates++
	c.unfenced = c.unfenced || r.SendBy.IsZero() || time.Until(r.SendBy) > 5*time.Second
	c.sent = append(c.sent, c.clock())
	var in struct{ Email, First, Key string }
	_ = json.Unmarshal(r.Body, &in)
	in.Key += r.Header.Get("X-Key")
	rec := record{ID: id, Email: in.Email, First: in.First, Key: in.Key, At: c.clock()}
	store := func() (*transport.Response, error) { return c.store(rec, r.Header.Get("X-Upsert") != "") }
	mood := next(&c.moods)
	if rest, ok := strings.CutPrefix(mood, "cancel then "); ok {
		c.cancel()
		mood = strings.TrimPrefix(rest, "nothing")
	}
	if when, rest, ok := strings.Cut(mood, " late then "); ok { // "2s late then reset"
		wait, _ := time.ParseDuration(when)
		rec.At = rec.At.Add(wait)
		c.late = append(c.late, arrival{rec.At, store})
		mood = rest
	}
	if rest, ok := strings.CutPrefix(mood, "write then "); ok {
		if resp, err := store(); resp.Status != http.StatusCreated {
			return resp, err
		}
		mood = rest
	}
	if rest, ok := strings.CutPrefix(mood, "overtaken then "); ok {
		defer c.aside(c.overtake)
		mood = strings.TrimPrefix(rest, "answered")
	}
	if rest, ok := strings.CutPrefix(mood, "stalled then "); ok {
		defer c.die()
		mood = strings.TrimPrefix(rest, "answered")
	}
	if mood == "" {
		return store()
	}
	return c.fail(mood)
}

// aside lets others speak with the CRM meanwhile.
func (c *crm) aside(f func()) {
	c.mu.Unlock()
	defer c.mu.Lock()
	f()
}

// fail is how a create ends that is not answered as it should be.
func (c *crm) fail(mood string) (*transport.Response, error) {
	switch mood {
	case "refused":
		return nil, &transport.Error{Reason: transport.Refused, Err: errors.New("refused")}
	case "fenced":
		return nil, &transport.Error{Reason: transport.Fenced, Err: errors.New("too late to send")}
	case "reset":
		return nil, lost(true)
	case "time-out":
		return nil, &transport.Error{Sent: true, Reason: transport.Timeout, Err: errors.New("too slow")}
	case "nonsense":
		return answer(201, `<html>`)
	case "maybe":
		return answer(422, `{"code":"maybe","message":"perhaps"}`)
	case "busy":
		return answer(500, `{"code":"busy","message":"the first request is under way"}`)
	case "429":
		return refuse(429, "30")
	case "quota":
		return refuse(429, "600")
	case "503 later":
		return refuse(503, "5")
	case "forgotten":
		c.forget()
		panic(died{})
	case "die":
		c.die()
		panic(died{})
	default:
		var status int
		_, _ = fmt.Sscan(mood, &status)
		return answer(status, `{"code":"c","message":"no","field":"mail"}`)
	}
}

// died unwinds a worker that is killed.
type died struct{}

func (c *crm) store(r record, upsert bool) (*transport.Response, error) {
	if body := c.byKey[r.Key]; r.Key != "" && body != "" {
		return answer(201, body)
	}
	for _, old := range c.records {
		if upsert && old.Key == r.Key {
			body, _ := json.Marshal(old)
			return answer(201, string(body))
		}
	}
	for _, old := range c.records {
		if c.unique && old.Email == r.Email || r.ID != "" && old.ID == r.ID {
			return answer(409, fmt.Sprintf(`{"code":"exists","id":%q}`, old.ID))
		}
	}
	if r.ID == "" {
		r.ID = fmt.Sprint("r", len(c.records)+1)
	}
	c.records = append(c.records, r)
	body, _ := json.Marshal(r)
	if r.Key != "" && c.byKey != nil {
		c.byKey[r.Key] = string(body)
	}
	return answer(201, string(body))
}

func (c *crm) search(q url.Values) (*transport.Response, error) {
	if c.blind != 0 {
		return answer(c.blind, `{}`)
	}
	var hits []record
	for _, r := range c.records {
		if r.Email == q.Get("email") || r.Key != "" && r.Key == q.Get("key") {
			hits = append(hits, r)
		}
	}
	hits = slices.DeleteFunc(hits, func(r record) bool { return c.clock().Before(r.At.Add(c.lag)) })
	body, _ := json.Marshal(hits)
	return answer(200, string(body))
}

func (c *crm) read(id string) (*transport.Response, error) {
	for _, r := range c.records {
		if r.ID == id {
			body, _ := json.Marshal(r)
			return answer(200, string(body))
		}
	}
	return answer(404, `{}`)
}

func (c *crm) note() (*transport.Response, error) {
	switch next(&c.steps) {
	case "write then reset":
		c.noted = append(c.noted, "note")
		return nil, lost(true)
	case "reset":
		return nil, lost(true)
	case "400":
		return answer(400, `{"code":"bad_note","message":"no"}`)
	case "429":
		return answer(429, `{}`)
	default:
		c.noted = append(c.noted, "note")
		return answer(200, `{}`)
	}
}
