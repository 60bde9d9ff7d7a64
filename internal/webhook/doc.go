// Package webhook tells callers what became of their contacts and imports:
// endpoints and their secrets, events, signed deliveries and the decision when
// to try again. It follows Standard Webhooks 1.0.
//
// An event is made by the [Relay] from an entry of the outbox, which was
// written together with what it tells of. For each endpoint that wants it there
// is one [Delivery], which the [Dispatcher] tries until it succeeds, fails for
// good, or its endpoint is switched off. A delivery is made at least once; its
// id is the same in every try.
package webhook
