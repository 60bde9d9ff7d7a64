package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

// Scope is a permission of a token.
type Scope string

// The scopes. The catalogue of CRMs is open to every token.
const (
	ScopeAll           Scope = "*"
	ScopeContactsWrite Scope = "contacts:write"
	ScopeJobsRead      Scope = "jobs:read"
	ScopeJobsWrite     Scope = "jobs:write"
	ScopeResultsRead   Scope = "results:read"
	ScopeAccountsRead  Scope = "accounts:read"
	ScopeAccountsWrite Scope = "accounts:write"
	ScopeWebhooksWrite Scope = "webhooks:write"

	anyToken Scope = ""
)

// Principal is whoever a token belongs to.
type Principal struct {
	Tenant string
	// Name is shown as created_by.
	Name string
	// Scopes lists what the token may do; ScopeAll is everything.
	Scopes []Scope
	// DefaultWait is how long a create waits that names no preference; 0 is not
	// at all.
	DefaultWait time.Duration
}

func (p Principal) may(scope Scope) bool {
	return scope == anyToken || slices.Contains(p.Scopes, ScopeAll) || slices.Contains(p.Scopes, scope)
}

// ErrUnknownToken is what Tokens say of a token that is none.
var ErrUnknownToken = errors.New("api: unknown token")

// Tokens knows the API tokens.
type Tokens interface {
	// Authenticate fails with ErrUnknownToken; any other error means that the
	// question cannot be answered now.
	Authenticate(ctx context.Context, bearer string) (Principal, error)
}

const challenge = `Bearer realm="ferry"`

// authenticate lets requests pass that carry a token.
func (s *server) authenticate(c *gin.Context) {
	token, ok := bearer(c.Request.Header.Values("Authorization"))
	if !ok {
		s.refuse(c, problem(problemToken, "Send Authorization: Bearer <token>.").with("WWW-Authenticate", challenge))
		return
	}
	principal, err := s.Tokens.Authenticate(c.Request.Context(), token)
	switch {
	case errors.Is(err, ErrUnknownToken):
		s.refuse(c, problem(problemToken, "The token is not known here.").
			with("WWW-Authenticate", challenge+`, error="invalid_token"`))
		return
	case err != nil:
		s.refuse(c, problem(problemUnavailable, "Tokens cannot be checked now.").with("Retry-After", "1").because(err))
		return
	}
	exchangeOf(c.Request.Context()).principal = principal
	// Answers are the caller's alone, and are asked for anew each time.
	c.Header("Cache-Control", "private, no-cache")
	c.Next()
}

// bearer reads the one Authorization header (RFC 6750 section 2.1).
func bearer(headers []string) (token string, ok bool) {
	if len(headers) != 1 {
		return "", false
	}
	scheme, token, ok := strings.Cut(strings.TrimSpace(headers[0]), " ")
	token = strings.TrimSpace(token)
	return token, ok && token != "" && strings.EqualFold(scheme, "Bearer")
}

// require refuses tokens that lack a scope.
func (s *server) require(scope Scope) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if s.allow(humagin.Unwrap(ctx), scope) {
			next(ctx)
		}
	}
}

// allow reports whether the token has a scope, and refuses the request if not.
func (s *server) allow(c *gin.Context, scope Scope) bool {
	may := principalOf(c.Request.Context()).may(scope)
	if !may {
		s.refuse(c, problem(problemScope, "This call needs the scope "+string(scope)+".").
			with("WWW-Authenticate", challenge+`, error="insufficient_scope", scope="`+string(scope)+`"`))
	}
	return may
}
