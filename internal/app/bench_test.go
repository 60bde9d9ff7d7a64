package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"crmferry/internal/config"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/sandbox"
)

// BenchmarkAgainstBare measures single creates, accepted and carried across,
// beside a bare Gin and Asynq pipeline on the same machine in the same run:
// one task per contact, no limits, no states.
//
//	go test -run '^$' -bench AgainstBare -benchtime 1x ./internal/app
func BenchmarkAgainstBare(b *testing.B) {
	const contacts, connections = 5_000, 50
	for range b.N {
		bare := measure(b, newBare(b), contacts, connections)
		ours := measure(b, newOurs(b), contacts, connections)
		b.ReportMetric(bare.accepted, "bare-accepted/s")
		b.ReportMetric(ours.accepted, "accepted/s")
		b.ReportMetric(ours.accepted/bare.accepted, "accept-ratio")
		b.ReportMetric(bare.carried, "bare-carried/s")
		b.ReportMetric(ours.carried, "carried/s")
		b.ReportMetric(ours.carried/bare.carried, "carry-ratio")
	}
}

// pipeline is one of the two under test.
type pipeline struct {
	url, token string
	work       func()     // begins to carry
	carried    func() int // contacts that the CRM holds
	stop       func()
}

type rates struct{ accepted, carried float64 }

// unhindered is a pace that never holds anybody up, and is kept all the same.
func unhindered() map[string]any {
	return map[string]any{"windows": []any{map[string]any{"requests": 1_000_000, "per_seconds": 1}}, "concurrency": 64}
}

// measure fills the queue first, then empties it.
func measure(b *testing.B, p pipeline, contacts, connections int) rates {
	b.Helper()
	defer p.stop()
	begun := time.Now()
	flood(b, p, contacts, connections)
	accepted := time.Since(begun)
	begun = time.Now()
	p.work()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for late := time.After(2 * time.Minute); p.carried() < contacts; {
		select {
		case <-look.C:
		case <-late:
			b.Fatalf("only %d of %d were carried", p.carried(), contacts)
		}
	}
	return rates{float64(contacts) / accepted.Seconds(), float64(contacts) / time.Since(begun).Seconds()}
}

func flood(b *testing.B, p pipeline, contacts, connections int) {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(contacts) {
					return
				}
				req, _ := http.NewRequest("POST", p.url, bytes.NewReader(person(i)))
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Authorization", "Bearer "+p.token)
				resp, err := client.Do(req)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if resp.StatusCode != http.StatusAccepted {
					b.Errorf("HTTP %d", resp.StatusCode)
					return
				}
			}
		})
	}
	wg.Wait()
}

func person(i int64) []byte {
	return fmt.Appendf(nil, `{"first_name":"Ada","last_name":"Lovelace %d","title":"Analyst","email_addresses":[{"email":"ada%d@example.com"}],"phone_numbers":[{"number":"+442079460001","type":"work"}]}`, i, i)
}

// newBare is what an engineer would write in an afternoon.
func newBare(b *testing.B) pipeline { return newBareFor(b, "hubspot") }

func newBareFor(b *testing.B, slug string) pipeline {
	world := sandbox.New(sandbox.Options{Unlimited: true})
	crm := httptest.NewServer(world)
	auth, _ := world.Connect(slug, "bare", "")
	target := bareTargets()[slug]
	db := redistest.Client(b)
	queue := asynq.NewClientFromRedisClient(db)
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.POST("/", func(c *gin.Context) {
		body, err := io.ReadAll(c.Request.Body)
		if err == nil {
			_, err = queue.Enqueue(asynq.NewTask("contact", body))
		}
		if err != nil {
			c.Status(http.StatusInternalServerError)
			return
		}
		c.JSON(http.StatusAccepted, gin.H{"status": "queued"})
	})
	api := httptest.NewServer(engine)
	send := bareHandler(crm.URL+"/"+slug+target.path, auth["access_token"], target.body)
	worker := asynq.NewServerFromRedisClient(db, asynq.Config{Concurrency: 64, LogLevel: asynq.ErrorLevel})
	return pipeline{
		url: api.URL + "/",
		work: func() {
			if err := worker.Start(asynq.HandlerFunc(send)); err != nil {
				b.Fatal(err)
			}
		},
		carried: func() int { return world.CRM(slug).Count("bare") },
		stop:    func() { worker.Shutdown(); api.Close(); crm.Close() },
	}
}

// bareTarget is where a CRM takes contacts, and how.
type bareTarget struct {
	path string
	body func(p barePerson) any
}

type barePerson struct {
	First  string                    `json:"first_name"`
	Last   string                    `json:"last_name"`
	Title  string                    `json:"title"`
	Emails []struct{ Email string }  `json:"email_addresses"`
	Phones []struct{ Number string } `json:"phone_numbers"`
}

func bareTargets() map[string]bareTarget {
	return map[string]bareTarget{
		"hubspot": {"/crm/objects/2026-09/contacts", func(p barePerson) any {
			return map[string]any{"associations": []any{}, "properties": map[string]string{
				"firstname": p.First, "lastname": p.Last, "jobtitle": p.Title, "email": p.Emails[0].Email, "phone": p.Phones[0].Number,
			}}
		}},
		"capsule": {"/api/v2/parties", func(p barePerson) any {
			return map[string]any{"party": map[string]any{
				"type": "person", "firstName": p.First, "lastName": p.Last, "jobTitle": p.Title,
				"emailAddresses": []any{map[string]any{"address": p.Emails[0].Email}},
				"phoneNumbers":   []any{map[string]any{"number": p.Phones[0].Number}},
			}}
		}},
	}
}

func bareHandler(url, token string, encode func(barePerson) any) func(context.Context, *asynq.Task) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	return func(ctx context.Context, t *asynq.Task) error {
		var in barePerson
		if err := json.Unmarshal(t.Payload(), &in); err != nil {
			return err
		}
		body, _ := json.Marshal(encode(in))
		req, _ := http.NewRequestWithContext(ctx, "POST", url, bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		_, _ = io.Copy(io.Discard, resp.Body)
		if resp.StatusCode != http.StatusCreated {
			return fmt.Errorf("HTTP %d", resp.StatusCode)
		}
		return nil
	}
}

// newOurs is this service as cmd/api and cmd/worker run it.
func newOurs(b *testing.B) pipeline {
	world := sandbox.New(sandbox.Options{Unlimited: true})
	crm := httptest.NewServer(world)
	db := redistest.Client(b)
	s := startOn(b, db, crm.URL, imitated(world))
	auth, settings := world.Connect("hubspot", "ours", "")
	var acc struct{ ID string }
	c := newClient("http://"+s.api.addr, s.token.Reveal())
	if _, err := c.call(context.Background(), "POST", "/integrated-accounts", map[string]any{
		"crm": "hubspot", "auth": auth, "settings": settings, "limits": unhindered(),
	}, &acc); err != nil {
		b.Fatal(err)
	}
	var w *worker
	return pipeline{
		url:   c.base + "/unified/crm/contacts?integrated_account_id=" + acc.ID,
		token: c.token,
		work: func() {
			var err error
			if w, err = s.house.startWorker(); err != nil {
				b.Fatal(err)
			}
		},
		carried: func() int { return world.CRM("hubspot").Count("ours") },
		stop:    func() { w.stop(); s.stop(); crm.Close() },
	}
}

// startOn runs the API, without a worker, on a Redis and a sandbox.
func startOn(t testing.TB, db *redis.Client, sandboxURL string, slugs []string) *service {
	t.Helper()
	env := testEnv(db.Options().Addr, db.Options().Password, sandboxURL, slugs)
	c, err := config.Load(env)
	if err != nil {
		t.Fatal(err)
	}
	s, err := start(context.Background(), c, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// BenchmarkIdle measures how long a single create takes on an idle
// installation, from the request to the contact in the answer.
//
//	go test -run '^$' -bench Idle -benchtime 300x ./internal/app
func BenchmarkIdle(b *testing.B) {
	p := newOurs(b)
	defer p.stop()
	p.work()
	client := &http.Client{}
	took := make([]time.Duration, 0, b.N)
	for i := 0; b.Loop(); i++ {
		req, _ := http.NewRequest("POST", p.url, bytes.NewReader(person(int64(i))))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+p.token)
		req.Header.Set("Prefer", "wait=10")
		begun := time.Now()
		resp, err := client.Do(req)
		if err != nil || resp.StatusCode != http.StatusCreated {
			b.Fatalf("%v, %v", resp, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
