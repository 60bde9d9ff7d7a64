package store

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"crmferry/internal/job"
	"crmferry/internal/webhook"
)

const (
	// outboxLease is for how long entries are kept from others; visitFor how long
	// a visit to a queue may take.
	outboxLease = 15 * time.Second
	visitFor    = 5 * time.Second
)

// Next takes entries out of all outboxes.
func (w *Webhooks) Next(ctx context.Context, limit int) ([]webhook.Entry, error) {
	pipe, script := w.redis.Pipeline(), nextEntriesScript.On(ctx, w.redis)
	replies := make([]*redis.Cmd, len(w.shards))
	for i, sh := range w.shards {
		replies[i] = script.Eval(ctx, pipe, []string{sh.outbox()}, limit, outboxLease.Milliseconds())
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	var list []webhook.Entry
	for i, reply := range replies {
		entries, err := reply.StringSlice()
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			id, what, _ := strings.Cut(entry, ":")
			list = append(list, webhook.Entry{ID: id, What: what, Mark: string(w.shards[i])})
		}
	}
	return list, nil
}

// Done forgets entries.
func (w *Webhooks) Done(ctx context.Context, entries []webhook.Entry) error {
	pipe := w.redis.Pipeline()
	for _, e := range entries {
		pipe.ZRem(ctx, shard(e.Mark).outbox(), e.ID+":"+e.What)
	}
	if pipe.Len() == 0 {
		return nil
	}
	_, err := pipe.Exec(ctx)
	return err
}

// Tell puts an entry into the outbox: what happened to an import.
func (w *Webhooks) Tell(ctx context.Context, id, what string) error {
	return tellScript.Run(ctx, w.redis, []string{shardFor(id).outbox()}, id+":"+what).Err()
}

// Hooked says whether a tenant has had endpoints.
func (w *Webhooks) Hooked(ctx context.Context, tenant string) (bool, error) {
	n, err := w.redis.Exists(ctx, w.shards[0].hooked(tenant)).Result()
	return n == 1, err
}

// Told gives a job, whoever it belongs to, with what it wrote; nil for nothing.
func (w *Webhooks) Told(ctx context.Context, id string) (job.Job, *job.Result, error) {
	sh, ok := shardOf(id)
	if !ok {
		return job.Job{}, nil, job.ErrNotFound
	}
	names := append([]string{"result"}, jobFields...)
	values, err := w.redis.HMGet(ctx, sh.job(id), names...).Result()
	if err != nil {
		return job.Job{}, nil, err
	}
	h := zip(names, values)
	if h["v"] == "" {
		return job.Job{}, nil, job.ErrNotFound
	}
	j, err := decodeJob(h)
	if err != nil || h["result"] == "" {
		return j, nil, err
	}
	r := &job.Result{}
	return j, r, unmarshal(h["result"], r)
}

// Due claims queues whose time has come.
func (w *Webhooks) Due(ctx context.Context, limit int) ([]webhook.Claim, error) {
	pipe, script := w.redis.Pipeline(), dueQueuesScript.On(ctx, w.redis)
	replies := make([]*redis.Cmd, len(w.shards))
	for i, sh := range w.shards {
		replies[i] = script.Eval(ctx, pipe, []string{sh.queues()}, limit, visitFor.Milliseconds())
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	var claims []webhook.Claim
	for _, reply := range replies {
		list, err := reply.StringSlice()
		if err != nil {
			return nil, err
		}
		for i := 0; i+1 < len(list); i += 2 {
			claims = append(claims, webhook.Claim{Queue: webhook.Queue(list[i]), Mark: list[i+1]})
		}
	}
	return claims, nil
}

// Rest sets when a claimed queue is to be visited next.
func (w *Webhooks) Rest(ctx context.Context, c webhook.Claim, next time.Time) error {
	at := ""
	if !next.IsZero() {
		at = msText(next)
	}
	return restQueueScript.Run(ctx, w.redis, []string{shardFor(string(c.Queue)).queues()}, string(c.Queue), c.Mark, at).Err()
}

// Take takes deliveries out of a queue.
func (w *Webhooks) Take(ctx context.Context, q webhook.Queue, l webhook.Limits) (webhook.Visit, error) {
	tag, token := queueTag(q), uuid.NewString()
	got, err := takeDeliveriesScript.Run(ctx, w.redis, []string{tag.endpoint(), tag.state(), tag.due(), tag.leases()},
		tag.delivery(""), l.Concurrency, l.Lease.Milliseconds(), token, flag(q.Endpoint() != ""), l.Broken, w.opts.ResultTTL.Milliseconds()).Slice()
	if err != nil {
		return webhook.Visit{}, err
	}
	var v webhook.Visit
	if next, _ := got[1].(int64); next >= 0 {
		v.Next = milli(next)
	}
	if fields, _ := got[2].([]any); len(fields) == 3 && q.Endpoint() != "" {
		h := zip([]string{"r", "n", "f"}, fields)
		e, err := decodeEndpoint(h["r"], h["n"], h["f"])
		if err != nil {
			return v, err
		}
		v.Endpoint = &e
	}
	for _, item := range got[3:] {
		t, err := decodeTaken(item, token)
		if err != nil {
			return v, err
		}
		v.Taken = append(v.Taken, t)
	}
	return v, nil
}

func decodeTaken(item any, token string) (webhook.Taken, error) {
	values, _ := item.([]any)
	h := zip([]string{"id", "base", "body", "att", "n"}, append(values, make([]any, 5)...)[:5])
	t := webhook.Taken{Token: token}
	t.Body = json.RawMessage(h["body"])
	t.Tries, _ = strconv.Atoi(h["n"])
	if err := unmarshal(h["base"], &t.Bill); err != nil {
		return t, err
	}
	return t, unmarshal(h["att"], &t.Attempts)
}

// Settle writes what became of a try.
func (w *Webhooks) Settle(ctx context.Context, s webhook.Settlement, l webhook.Limits) (webhook.Standing, error) {
	q := s.Queue()
	tag := queueTag(q)
	attempts, err := json.Marshal(s.Attempts)
	if err != nil {
		return webhook.Standing{}, err
	}
	got, err := settleDeliveryScript.Run(ctx, w.redis, []string{tag.delivery(s.ID), tag.due(), tag.leases(), tag.state()},
		s.ID, s.Token, string(s.Status), attempts, s.Tries+1, s.After.Milliseconds(), w.opts.ResultTTL.Milliseconds(),
		s.Pause.Milliseconds(), l.Broken, l.Pause.Milliseconds(), l.MaxPause.Milliseconds(), flag(s.Status == webhook.Succeeded)).Int64Slice()
	if err != nil || got[0] == 0 {
		return webhook.Standing{}, err
	}
	st := webhook.Standing{Held: true, Now: milli(got[1])}
	if got[2] > 0 {
		st.FailingSince = milli(got[2])
	}
	if got[3] < 0 {
		return st, nil
	}
	return st, w.touch(ctx, q, strconv.FormatInt(got[3], 10))
}
