package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
)

const (
	requestIDHeader = "X-Request-Id"
	maxRequestID    = 128
)

// exchange is what is known of a request while it is answered.
type exchange struct {
	id        string
	principal Principal
	cause     error // of a failure, for the log
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

// exchangeOf gives the exchange that observe put into every request.
func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

func principalOf(ctx context.Context) Principal { return exchangeOf(ctx).principal }

// requestID takes the caller's id if it is harmless in logs and headers, or
// makes one.
func requestID(r *http.Request) string {
	id := r.Header.Get(requestIDHeader)
	if id == "" || len(id) > maxRequestID || strings.IndexFunc(id, func(c rune) bool { return !plain(c) }) >= 0 {
		return rand.Text()
	}
	return id
}

// plain reports characters that ids are made of.
func plain(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
}
