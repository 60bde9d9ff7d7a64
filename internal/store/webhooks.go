package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/lua"
	"crmferry/internal/webhook"
)

// Webhooks keeps endpoints, deliveries and the outbox. All of one queue lies in
// one slot; the indexes and the list of queues do not.
type Webhooks struct {
	redis  *lua.Client
	opts   Options
	shards []shard
	store  *Store
}

// Webhooks is the part of the Store that keeps webhooks.
func (s *Store) Webhooks() *Webhooks {
	return &Webhooks{redis: s.redis, opts: s.opts, shards: s.shards, store: s}
}

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

func endpointTag(id string) (queueTag, bool) {
	q, ok := webhook.QueueOf(id)
	return queueTag(q), ok
}

// Create stores a new endpoint. That the tenant has one is noted first, so that
// no event after this is missed; the index comes before the record, without
// which its entry is passed over.
func (w *Webhooks) Create(ctx context.Context, e webhook.Endpoint) error {
	tag, ok := endpointTag(e.ID)
	if !ok {
		return webhook.ErrNotFound
	}
	n, err := w.redis.ZCard(ctx, endpointIndex(e.Tenant)).Result()
	if err != nil {
		return err
	}
	if n >= webhook.MaxEndpoints {
		return webhook.ErrTooMany
	}
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	pipe := w.redis.Pipeline()
	for _, sh := range w.shards {
		pipe.Set(ctx, sh.hooked(e.Tenant), "1", 0)
	}
	pipe.ZAdd(ctx, endpointIndex(e.Tenant), redis.Z{Score: float64(e.CreatedAt.UnixMilli()), Member: e.ID})
	if _, err := pipe.Exec(ctx); err != nil {
		return full(err)
	}
	created, err := createEndpointScript.Run(ctx, w.redis, []string{tag.endpoint()}, e.Tenant, e.Version, flag(e.Enabled), raw).Int()
	if err == nil && created == 0 {
		return webhook.ErrExists
	}
	return full(err)
}

// Endpoint gives a tenant's endpoint.
func (w *Webhooks) Endpoint(ctx context.Context, tenant, id string) (webhook.Endpoint, error) {
	list, err := w.endpoints(ctx, tenant, []string{id})
	if err == nil && len(list) == 0 {
		err = webhook.ErrNotFound
	}
	if err != nil {
		return webhook.Endpoint{}, err
	}
	return list[0], nil
}

// Endpoints lists a tenant's endpoints, the oldest first.
func (w *Webhooks) Endpoints(ctx context.Context, tenant string) ([]webhook.Endpoint, error) {
	ids, err := w.redis.ZRange(ctx, endpointIndex(tenant), 0, -1).Result()
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return w.endpoints(ctx, tenant, ids)
}

// endpoints reads those that are there and the tenant's.
func (w *Webhooks) endpoints(ctx context.Context, tenant string, ids []string) ([]webhook.Endpoint, error) {
	pipe := w.redis.Pipeline()
	var records, failing []*redis.SliceCmd
	for _, id := range ids {
		if tag, ok := endpointTag(id); ok {
			records = append(records, pipe.HMGet(ctx, tag.endpoint(), "t", "r", "n"))
			failing = append(failing, pipe.HMGet(ctx, tag.state(), "failing"))
		}
	}
	if len(records) == 0 {
		return nil, nil
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	var list []webhook.Endpoint
	for i, reply := range records {
		h := zip([]string{"t", "r", "n"}, reply.Val())
		if h["r"] == "" || h["t"] != tenant {
			continue
		}
		e, err := decodeEndpoint(h["r"], h["n"], zip([]string{"f"}, failing[i].Val())["f"])
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

func decodeEndpoint(raw, version, failing string) (e webhook.Endpoint, err error) {
	if err := unmarshal(raw, &e); err != nil {
		return e, err
	}
	if ms, _ := strconv.ParseInt(failing, 10, 64); ms > 0 {
		e.FailingSince = milli(ms)
	}
	e.Version, err = strconv.ParseInt(version, 10, 64)
	return e, err
}

// Put replaces an endpoint that is still at its version, and has its queue
// visited: what waits may be due, or not wanted any more.
func (w *Webhooks) Put(ctx context.Context, e webhook.Endpoint, fresh bool) error {
	tag, _ := endpointTag(e.ID)
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	n, err := putEndpointScript.Run(ctx, w.redis, []string{tag.endpoint(), tag.state()},
		e.Tenant, e.Version, e.Version+1, flag(e.Enabled), raw, flag(fresh)).Int()
	switch {
	case err != nil:
		return err
	case n < 0:
		return webhook.ErrNotFound
	case n == 0:
		return webhook.ErrChanged
	}
	return w.touch(ctx, webhook.Queue(tag), "")
}

// Delete removes a tenant's endpoint; deliveries that wait for it fail when its
// queue is visited.
func (w *Webhooks) Delete(ctx context.Context, tenant, id string) error {
	tag, ok := endpointTag(id)
	if !ok {
		return webhook.ErrNotFound
	}
	n, err := deleteEndpointScript.Run(ctx, w.redis, []string{tag.endpoint(), tag.state()}, tenant).Int()
	if err != nil {
		return err
	}
	if n == 0 {
		return webhook.ErrNotFound
	}
	if err := w.redis.ZRem(ctx, endpointIndex(tenant), id).Err(); err != nil {
		return err
	}
	return w.touch(ctx, webhook.Queue(tag), "")
}

// Callbacks gives the secrets of a tenant's callbacks.
func (w *Webhooks) Callbacks(ctx context.Context, tenant string) (c webhook.Callbacks, err error) {
	values, err := w.redis.HMGet(ctx, callbackSecret(tenant), "n", "r").Result()
	if err != nil {
		return c, err
	}
	h := zip([]string{"n", "r"}, values)
	if err := unmarshal(h["r"], &c); err != nil || h["n"] == "" {
		return c, err
	}
	c.Version, err = strconv.ParseInt(h["n"], 10, 64)
	return c, err
}

// PutCallbacks replaces secrets that are still at their version.
func (w *Webhooks) PutCallbacks(ctx context.Context, tenant string, c webhook.Callbacks) error {
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	n, err := putCallbacksScript.Run(ctx, w.redis, []string{callbackSecret(tenant)}, c.Version, c.Version+1, raw).Int()
	if err == nil && n == 0 {
		return webhook.ErrChanged
	}
	return err
}

// touch has a queue visited by a time, "" for now.
func (w *Webhooks) touch(ctx context.Context, q webhook.Queue, at string) error {
	return touchScript.Run(ctx, w.redis, []string{shardFor(string(q)).queues()}, string(q), at).Err()
}

func msText(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }
