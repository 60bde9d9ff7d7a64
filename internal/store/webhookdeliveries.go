package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/webhook"
)

// longestDelivery is longer than any delivery can be under way.
const longestDelivery = 31 * 24 * time.Hour

// deliveryFields are those of a delivery that are shown: base JSON, s status,
// att attempts JSON, why it was given up, end when it ended in ms, tok while a
// worker has it. Beside them: body, what is sent, and n, the tries since it was
// last due anew.
func deliveryFields() []string { return []string{"base", "s", "att", "why", "end", "tok"} }

// Add stores new deliveries. The list of queues comes last: whoever finds a
// queue there finds its deliveries.
func (w *Webhooks) Add(ctx context.Context, list []webhook.Parcel) error {
	if len(list) == 0 {
		return nil
	}
	pipe, script := w.redis.Pipeline(), addDeliveryScript.On(ctx, w.redis)
	keep := (w.opts.ResultTTL + longestDelivery).Milliseconds()
	for _, p := range list {
		bill, err := json.Marshal(p.Bill)
		if err != nil {
			return err
		}
		tag := queueTag(p.Queue())
		script.Eval(ctx, pipe, []string{tag.delivery(p.ID), tag.due(), tag.all()}, p.ID, bill, []byte(p.Body), p.CreatedAt.UnixMilli(), keep)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	pipe = w.redis.Pipeline()
	index, touch := indexScript.On(ctx, w.redis), touchScript.On(ctx, w.redis)
	for _, p := range list {
		index.Eval(ctx, pipe, []string{deliveryIndex(p.Tenant)}, p.ID, p.CreatedAt.UnixMilli(), keep)
		touch.Eval(ctx, pipe, []string{shardFor(string(p.Queue())).queues()}, string(p.Queue()), "")
	}
	_, err := pipe.Exec(ctx)
	return err
}

// Delivery gives a tenant's delivery.
func (w *Webhooks) Delivery(ctx context.Context, tenant, id string) (webhook.Delivery, error) {
	list, err := w.load(ctx, []string{id})
	switch {
	case err != nil:
		return webhook.Delivery{}, err
	case list[0] == nil || list[0].Tenant != tenant:
		return webhook.Delivery{}, webhook.ErrNotFound
	default:
		return *list[0], nil
	}
}

// load reads deliveries; nil for those that are not there.
func (w *Webhooks) load(ctx context.Context, ids []string) ([]*webhook.Delivery, error) {
	pipe := w.redis.Pipeline()
	records, due := make([]*redis.SliceCmd, len(ids)), make([]*redis.FloatCmd, len(ids))
	for i, id := range ids {
		if q, ok := webhook.QueueOfDelivery(id); ok {
			records[i] = pipe.HMGet(ctx, queueTag(q).delivery(id), deliveryFields()...)
			due[i] = pipe.ZScore(ctx, queueTag(q).due(), id)
		}
	}
	if pipe.Len() > 0 {
		if _, err := pipe.Exec(ctx); err != nil && err != redis.Nil {
			return nil, err
		}
	}
	list := make([]*webhook.Delivery, len(ids))
	for i, reply := range records {
		if reply == nil {
			continue
		}
		values, err := reply.Result()
		if err != nil {
			return nil, err
		}
		h := zip(deliveryFields(), values)
		if h["base"] == "" {
			continue
		}
		d, err := decodeDelivery(h)
		if err != nil {
			return nil, err
		}
		if at := due[i].Val(); at > 0 && h["tok"] == "" {
			d.NextAttemptAt = milli(int64(at))
		}
		list[i] = &d
	}
	return list, nil
}

func decodeDelivery(h map[string]string) (webhook.Delivery, error) {
	d := webhook.Delivery{Status: webhook.Status(h["s"]), Ended: h["why"]}
	if err := unmarshal(h["base"], &d.Bill); err != nil {
		return d, err
	}
	if ms, _ := strconv.ParseInt(h["end"], 10, 64); ms > 0 {
		d.EndedAt = milli(ms)
	}
	return d, unmarshal(h["att"], &d.Attempts)
}

// List gives a page of a tenant's deliveries, the newest first.
func (w *Webhooks) List(ctx context.Context, tenant string, f webhook.Filter) ([]webhook.Delivery, string, error) {
	key := deliveryIndex(tenant)
	if f.Endpoint != "" {
		tag, ok := endpointTag(f.Endpoint)
		if !ok {
			return nil, "", webhook.ErrNotFound
		}
		key = tag.all()
	}
	at := walk{to: 1 << 52}
	if !f.Since.IsZero() {
		at.from = f.Since.UnixMilli()
	}
	if f.Cursor != "" {
		p, err := parseCursor(f.Cursor)
		if err != nil {
			return nil, "", webhook.ErrCursor
		}
		at.after = &p
	}
	var page []webhook.Delivery
	for scanned := 0; ; {
		places, err := w.places(ctx, key, at, max(f.Limit+1, 100))
		if err != nil || len(places) == 0 {
			return page, "", err
		}
		ids := make([]string, len(places))
		for i, p := range places {
			ids[i] = p.id
		}
		found, err := w.load(ctx, ids)
		if err != nil {
			return nil, "", err
		}
		for i, d := range found {
			if d != nil && d.Tenant == tenant && wanted(*d, f) {
				if len(page) == f.Limit {
					return page, at.after.cursor(), nil
				}
				page = append(page, *d)
			}
			at.after = &places[i]
		}
		if scanned += len(places); scanned >= maxScan {
			return page, at.after.cursor(), nil
		}
	}
}

// places are the next of an index, in order.
func (w *Webhooks) places(ctx context.Context, key string, at walk, n int) ([]position, error) {
	found, err := w.redis.ZRevRangeByScoreWithScores(ctx, key, at.rangeBy(n)).Result()
	if err != nil {
		return nil, err
	}
	var places []position
	for _, z := range found {
		if p := (position{int64(z.Score), z.Member.(string)}); at.beyond(p) {
			places = append(places, p)
		}
	}
	return places, nil
}

func wanted(d webhook.Delivery, f webhook.Filter) bool {
	return (f.Status == "" || d.Status == f.Status) && (f.Type == "" || d.EventType == f.Type) && (f.About == "" || d.About == f.About)
}

// Again makes a delivery that is over due at once.
func (w *Webhooks) Again(ctx context.Context, id string) error {
	q, ok := webhook.QueueOfDelivery(id)
	if !ok {
		return webhook.ErrNotFound
	}
	tag := queueTag(q)
	n, err := againScript.Run(ctx, w.redis, []string{tag.delivery(id), tag.due()}, id).Int()
	switch {
	case err != nil:
		return full(err)
	case n == 0:
		return webhook.ErrNotFound
	case n == 1:
		return webhook.ErrUnderWay
	default:
		return w.touch(ctx, q, "")
	}
}
