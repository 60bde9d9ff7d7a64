package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"crmferry/internal/account"
	"crmferry/internal/imports"
	"crmferry/internal/store"
	"crmferry/internal/telemetry"
	"crmferry/internal/webhook"
)

const (
	// hookedFor is how long it is believed whether a tenant has endpoints.
	hookedFor = 2 * time.Second
	// digestEvery is how often an import's progress is told.
	digestEvery = time.Minute
	// maxMemo bounds what is remembered of tenants and imports.
	maxMemo = 10_000
)

// hooks is everything about webhooks. What happened is found in any case by
// whoever looks into the outbox; what is remembered here makes it fast, and
// saves telling the same twice.
type hooks struct {
	store      *store.Webhooks
	service    *webhook.Service
	relay      *webhook.Relay
	dispatcher *webhook.Dispatcher
	failed     func(error)

	mu     sync.Mutex
	hooked map[string]belief
	told   map[string]string // import -> what was told last
}

// belief is what is believed of a tenant, and until when.
type belief struct {
	hooked bool
	until  time.Time
}

func (h *house) newHooks(sealer *account.Sealer) *hooks {
	w := h.store.Webhooks()
	k := &hooks{store: w, failed: h.failed("webhooks"), hooked: map[string]belief{}, told: map[string]string{}}
	k.dispatcher = &webhook.Dispatcher{
		Queues: w, Endpoints: w, Sender: webhook.NewSender(sealer, telemetry.Mask, h.config.AllowPrivate),
		Policy: webhook.Policy{Schedule: h.config.Webhooks, GiveUp: webhook.DefaultGiveUp}, Failed: k.failed, Sent: h.sent,
		Patience: h.config.ShutdownTimeout,
	}
	k.relay = webhook.NewRelay(webhook.Relay{
		Outbox: w, Jobs: w, Imports: h.imports, Endpoints: w, Deliveries: w, Failed: k.failed, Made: k.dispatcher.Visit,
	})
	k.dispatcher.Relay = k.relay
	k.dispatcher = webhook.NewDispatcher(k.dispatcher)
	k.service = &webhook.Service{Endpoints: w, Deliveries: w, Relay: k.relay, Sealer: sealer, Private: h.config.AllowPrivate}
	return k
}

// sent counts and logs a try: neither the address, which may hold a secret, nor
// what was said.
func (h *house) sent(b webhook.Bill, a webhook.Attempt, v webhook.Verdict) {
	h.metrics.Webhook(string(v.Status))
	h.log.Debug("webhook", "delivery", b.ID, "event", b.EventID, "type", string(b.EventType), "endpoint", b.Endpoint,
		"status", a.Status, "reason", a.Error, "ms", a.TookMS, "then", string(v.Status))
}

// ended has the outbox looked at when something in it is likely to be new.
func (k *hooks) ended(tenant, callback string) {
	if callback != "" || k.isHooked(context.Background(), tenant) {
		k.relay.Wake()
	}
}

// isHooked says whether a tenant has endpoints, as of a moment ago.
func (k *hooks) isHooked(ctx context.Context, tenant string) bool {
	now := time.Now()
	k.mu.Lock()
	b, ok := k.hooked[tenant]
	k.mu.Unlock()
	if ok && now.Before(b.until) {
		return b.hooked
	}
	is, err := k.store.Hooked(ctx, tenant)
	if err != nil {
		k.failed(err)
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.hooked) >= maxMemo {
		clear(k.hooked)
	}
	k.hooked[tenant] = belief{is, now.Add(hookedFor)}
	return is
}

// saw tells of an import that is paused, and how one comes on that is not.
func (k *hooks) saw(ctx context.Context, i imports.Import) {
	what := ""
	switch i.Status {
	case imports.Paused:
		what = fmt.Sprintf("paused:%d:%s", i.Generation, i.Reason)
	case imports.Running, imports.Waiting:
		what = fmt.Sprintf("progress:%d", time.Now().Unix()/int64(digestEvery/time.Second))
	default:
		return
	}
	if i.CallbackURL == "" && !k.isHooked(ctx, i.Tenant) || !k.fresh(i.ID, what) {
		return
	}
	if err := k.store.Tell(ctx, i.ID, what); err != nil {
		k.failed(err)
	}
}

// fresh says whether that was not told last of an import. A worker that began
// a moment ago tells it again: it makes the same deliveries.
func (k *hooks) fresh(id, what string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.told[id] == what {
		return false
	}
	if len(k.told) >= maxMemo {
		clear(k.told)
	}
	k.told[id] = what
	return true
}
