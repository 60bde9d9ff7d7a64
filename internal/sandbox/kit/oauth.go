package kit

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// The client that every token endpoint knows.
const (
	ClientID     = "sandbox-client"
	ClientSecret = "sandbox-secret"
)

// OAuth is a vendor's token endpoint (RFC 6749), as far as it gives new access
// tokens to connected accounts. The access token is always the account's
// Token, and so is its first refresh token; later ones, where they rotate,
// have "~2", "~3" appended, and only the newest is good. For the grant
// client_credentials the client's secret is the account's Token.
//
// Token requests pass by Spec.Before, and cost nothing of a limit without
// Cost. Faults that match an account miss them.
type OAuth struct {
	Path      string // of POST requests
	ExpiresIn int    // seconds
	Rotates   bool
	// Judge gives an error code of the RFC to a request of a form that the
	// vendor does not take; "" lets it pass. Optional.
	Judge func(c *Call) (code string)
	// Complete adds to the answer what else the vendor says. Optional.
	Complete func(c *Call, answer map[string]any)
	// Refuse answers an error code of the RFC; nil is the form of the RFC.
	Refuse func(c *Call, code string) Reply
}

// grant is what a token request brings.
type grant struct{ kind, refresh, id, secret string }

// IsTokenRequest tells whether the call went to Spec.OAuth.
func (c *Call) IsTokenRequest() bool { return c.grant != nil }

// readGrant reads a token request; nil when the call is none.
func (o *OAuth) readGrant(c *Call) *grant {
	if o == nil || c.Request.Method != http.MethodPost || c.Request.URL.Path != o.Path {
		return nil
	}
	form := c.Request.URL.Query()
	switch mediaType, _, _ := mime.ParseMediaType(c.Request.Header.Get("Content-Type")); mediaType {
	case "application/x-www-form-urlencoded":
		if sent, err := url.ParseQuery(string(c.Body)); err == nil && len(sent) > 0 {
			form = sent
		}
	case "application/json":
		object, _ := c.Object()
		for name := range object {
			form.Set(name, Text(object, name))
		}
	}
	g := &grant{form.Get("grant_type"), form.Get("refresh_token"), form.Get("client_id"), form.Get("client_secret")}
	if id, secret, ok := c.Request.BasicAuth(); ok {
		g.id, g.secret = id, secret
	}
	return g
}

// credential is the account's Token, if the request holds it in any form.
func (g *grant) credential() string {
	if g.kind == "client_credentials" {
		return g.secret
	}
	first, _, _ := strings.Cut(g.refresh, "~")
	return first
}

// issue answers a request with a credential that is good in itself.
func (o *OAuth) issue(c *Call) Reply {
	if code := o.judge(c); code != "" {
		return o.refuse(c, code)
	}
	token := Token(c.crm.spec.Slug, c.account)
	answer := map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": o.ExpiresIn}
	if c.grant.kind == "refresh_token" {
		if c.grant.id != ClientID || c.grant.secret != ClientSecret {
			return o.refuse(c, "invalid_client")
		}
		good, next := c.Account.refreshToken(token, o.Rotates)
		if c.grant.refresh != good {
			return o.refuse(c, "invalid_grant")
		}
		if o.Rotates {
			c.Account.refreshes++
		}
		answer["refresh_token"] = next
	}
	if o.Complete != nil {
		o.Complete(c, answer)
	}
	return JSON(http.StatusOK, answer).With("Cache-Control", "no-store")
}

func (o *OAuth) judge(c *Call) string {
	if o.Judge == nil {
		return ""
	}
	return o.Judge(c)
}

// refreshToken is the one that is good now, and the one after it.
func (a *Account) refreshToken(token string, rotates bool) (good, next string) {
	if !rotates {
		return token, token
	}
	good = token
	if a.refreshes > 0 {
		good += "~" + strconv.Itoa(a.refreshes+1)
	}
	return good, token + "~" + strconv.Itoa(a.refreshes+2)
}

// fault is the error code for a request whose credential is not good.
func (g *grant) fault() string {
	switch {
	case g.kind == "":
		return "invalid_request"
	case g.kind == "client_credentials":
		return "invalid_client"
	case g.kind != "refresh_token":
		return "unsupported_grant_type"
	}
	return "invalid_grant"
}

func (o *OAuth) refuse(c *Call, code string) Reply {
	if o.Refuse != nil {
		return o.Refuse(c, code)
	}
	status := http.StatusBadRequest
	if code == "invalid_client" {
		status = http.StatusUnauthorized
	}
	return JSON(status, map[string]any{"error": code, "error_description": "The token request was refused."})
}
