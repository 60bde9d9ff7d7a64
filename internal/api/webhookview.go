package api

import (
	"time"

	"crmferry/internal/webhook"
)

// endpointRequest says what an endpoint is to be; what is absent stays as it is.
type endpointRequest struct {
	URL         *string          `json:"url,omitempty" doc:"Where events are posted: an https URL without credentials that does not point to a private address" example:"https://hooks.example.com/ferry"`
	Events      *[]string        `json:"events,omitempty" doc:"The types of events to send; empty or absent: all but import.progress" example:"[\"contact.failed\",\"import.completed\"]"`
	Payload     *webhook.Payload `json:"payload,omitempty" enum:"full,thin" doc:"full: with the unified contact, where the body stays below 20 kB; thin: ids and outcome alone"`
	Description *string          `json:"description,omitempty" doc:"Your own words, up to 500 bytes"`
	Enabled     *bool            `json:"enabled,omitempty" doc:"false sends nothing; true also sends again to an endpoint that was switched off"`
}

func (r endpointRequest) draft() webhook.Draft {
	d := webhook.Draft{URL: r.URL, Payload: r.Payload, Description: r.Description, Enabled: r.Enabled}
	if r.Events != nil {
		types := make([]webhook.Type, len(*r.Events))
		for i, name := range *r.Events {
			types[i] = webhook.Type(name)
		}
		d.Events = &types
	}
	return d
}

// endpointView is an endpoint as callers see it.
type endpointView struct {
	ID              string          `json:"id" example:"whe_06g2xw8tpnw6vgk7m3a41sb5gm"`
	URL             string          `json:"url"`
	Events          []webhook.Type  `json:"events" doc:"Empty: all but import.progress"`
	Payload         webhook.Payload `json:"payload" enum:"full,thin"`
	Description     string          `json:"description,omitempty"`
	Enabled         bool            `json:"enabled"`
	DisabledBecause webhook.Because `json:"disabled_because,omitempty" enum:"requested,gone,failing" doc:"gone: it answered 410; failing: for five days no delivery succeeded"`
	FailingSince    time.Time       `json:"failing_since,omitzero" doc:"When the failures began that no success has ended"`
	CreatedAt       time.Time       `json:"created_at"`
	UpdatedAt       time.Time       `json:"updated_at"`
	CreatedBy       string          `json:"created_by,omitempty"`
	Secrets         []secretView    `json:"secrets" doc:"The secrets that sign now, the newest first"`
	Secret          string          `json:"secret,omitempty" doc:"The new secret: shown this once" example:"whsec_..."`
}

// secretView tells of a secret without giving it away.
type secretView struct {
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero" doc:"When an old secret signs no more"`
}

func secretsOf(keys webhook.Keyring, now time.Time) []secretView {
	out := []secretView{}
	for _, k := range keys {
		if k.Until.IsZero() || k.Until.After(now) {
			out = append(out, secretView{k.Since.UTC(), utc(k.Until)})
		}
	}
	return out
}

func endpointViewOf(e webhook.Endpoint, secret string, now time.Time) endpointView {
	return endpointView{
		ID: e.ID, URL: e.URL, Events: emptyNotNull(e.Events), Payload: e.Payload, Description: e.Description, Enabled: e.Enabled,
		DisabledBecause: e.Disabled, FailingSince: utc(e.FailingSince), CreatedAt: e.CreatedAt.UTC(), UpdatedAt: e.UpdatedAt.UTC(),
		CreatedBy: e.CreatedBy, Secrets: secretsOf(e.Keys, now), Secret: secret,
	}
}

// callbackView tells of the secret with which callbacks are signed.
type callbackView struct {
	Secrets []secretView `json:"secrets" doc:"The secrets that sign now, the newest first; none: callback_url cannot be used yet"`
	Secret  string       `json:"secret,omitempty" doc:"The new secret: shown this once" example:"whsec_..."`
}

// deliveryView is a delivery as callers see it.
type deliveryView struct {
	ID            string            `json:"id" doc:"The webhook-id of every try"`
	Status        webhook.Status    `json:"status" enum:"pending,succeeded,failed"`
	EventID       string            `json:"event_id"`
	EventType     webhook.Type      `json:"event_type"`
	About         string            `json:"about,omitempty" doc:"The job, import or endpoint that the event tells of"`
	EndpointID    string            `json:"webhook_endpoint_id,omitempty"`
	CallbackURL   string            `json:"callback_url,omitempty"`
	CreatedAt     time.Time         `json:"created_at"`
	NextAttemptAt time.Time         `json:"next_attempt_at,omitzero"`
	EndedAt       time.Time         `json:"ended_at,omitzero"`
	EndedBecause  string            `json:"ended_because,omitempty" enum:"endpoint_disabled,endpoint_deleted" doc:"Why it was given up without another try"`
	Attempts      []deliveryAttempt `json:"attempts" doc:"The last 30, the oldest first"`
}

// deliveryAttempt is one try at a delivery.
type deliveryAttempt struct {
	At       time.Time `json:"at"`
	Status   int       `json:"status,omitempty" doc:"The HTTP status that was answered"`
	Error    string    `json:"error,omitempty" doc:"Why there was no whole answer, such as timeout, dns, refused, private_address"`
	TookMS   int64     `json:"took_ms"`
	Response string    `json:"response,omitempty" doc:"The beginning of the answer; what looks like personal data or a secret is masked"`
}

func deliveryViewOf(d webhook.Delivery) deliveryView {
	v := deliveryView{
		ID: d.ID, Status: d.Status, EventID: d.EventID, EventType: d.EventType, About: d.About, EndpointID: d.Endpoint,
		CallbackURL: d.Callback, CreatedAt: d.CreatedAt.UTC(), NextAttemptAt: utc(d.NextAttemptAt), EndedAt: utc(d.EndedAt),
		EndedBecause: d.Ended, Attempts: []deliveryAttempt{},
	}
	for _, a := range d.Attempts {
		v.Attempts = append(v.Attempts, deliveryAttempt{a.At.UTC(), a.Status, a.Error, a.TookMS, a.Response})
	}
	return v
}
