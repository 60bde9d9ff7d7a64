package connector

import (
	"encoding/base64"
	"fmt"
	"io"
	"time"
)

// The credential schemes; their ids and parameters are the same for all CRMs.
const (
	AccessToken = "access_token"
	APIKey      = "api_key"
	Basic       = "basic"
	OAuth2      = "oauth2"
)

// Scheme is one way to authenticate: which credentials it takes and which
// headers they become.
type Scheme struct {
	ID string
	// Headers may hold credential parameters and settings in braces.
	Headers map[string]string
	// BasicPair, where either half is set, becomes HTTP Basic.
	BasicPair [2]string
	OAuth     *OAuth
	Note      string
}

// OAuth holds the facts of a vendor's token endpoint.
type OAuth struct {
	TokenURL string // may hold settings in braces
	// ClientAuth is how client id and secret are sent: form, basic or json.
	ClientAuth string
	// Grant is refresh_token (default), client_credentials or none (tokens do not expire).
	Grant string
	// AppOnly: a credential without a refresh token is renewed by client_credentials.
	AppOnly bool
	// Params are further parameters of the token request; values may hold
	// credentials and settings in braces. Those that come out empty are not sent.
	Params map[string]string
	// Rotates: each refresh gives a new refresh token and kills the old one.
	Rotates bool
	// Lifetime of an access token where the answer names none; 0 = unknown,
	// refresh when it is refused.
	Lifetime time.Duration
	// Takes maps keys of the token answer to settings: instance_url.
	Takes map[string]string
	// MinGap is the shortest time between two refreshes that the vendor allows.
	MinGap time.Duration
}

// Param is one credential parameter of a scheme.
type Param struct {
	Key      string
	Required bool
	Secret   bool
}

// Params lists the credential parameters of the scheme.
func (s Scheme) Params() []Param {
	switch s.ID {
	case AccessToken:
		return []Param{{AccessToken, true, true}}
	case APIKey:
		return []Param{{APIKey, true, true}}
	case Basic:
		return []Param{{"username", true, false}, {"password", true, true}}
	default:
		var o OAuth
		if s.OAuth != nil {
			o = *s.OAuth
		}
		app := o.Grant == "client_credentials"
		return []Param{
			{"client_id", app, false},
			{"client_secret", app, true},
			{AccessToken, !app && !o.AppOnly, true},
			{"refresh_token", false, true},
			{"expires_at", false, false},
		}
	}
}

// Bearer is a scheme whose token travels as "Authorization: Bearer".
func Bearer(id string) Scheme {
	param := id
	if id == OAuth2 {
		param = AccessToken
	}
	return Scheme{ID: id, Headers: map[string]string{"Authorization": "Bearer {" + param + "}"}}
}

// BearerOAuth is the scheme oauth2 with a Bearer token.
func BearerOAuth(o OAuth) Scheme {
	s := Bearer(OAuth2)
	s.OAuth = &o
	return s
}

// Header is a scheme whose credential travels in one header: format "Token {api_key}".
func Header(id, name, format string) Scheme {
	return Scheme{ID: id, Headers: map[string]string{name: format}}
}

// Credential is what an account authenticates with. It never appears in text.
type Credential struct {
	Scheme string
	Values map[string]string
}

func (Credential) String() string   { return "***" }
func (Credential) GoString() string { return "***" }

// Format prints nothing of it under any verb.
func (Credential) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// MarshalJSON prints nothing of it either.
func (Credential) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

// headers are the scheme's headers for a credential.
func (s Scheme) headers(c Credential, settings Settings) map[string]string {
	fill := func(t string) string { return expand(t, c.Values, settings) }
	out := map[string]string{}
	for name, format := range s.Headers {
		out[name] = fill(format)
	}
	if pair := s.basic(c, settings); pair != "" {
		out["Authorization"] = "Basic " + pair
	}
	return out
}

// basic is what HTTP Basic says of a credential, "" in other schemes.
func (s Scheme) basic(c Credential, settings Settings) string {
	if s.BasicPair == [2]string{} {
		return ""
	}
	pair := expand(s.BasicPair[0], c.Values, settings) + ":" + expand(s.BasicPair[1], c.Values, settings)
	return base64.StdEncoding.EncodeToString([]byte(pair))
}

// secrets are the texts that give a credential away.
func (s Scheme) secrets(c Credential, settings Settings) []string {
	list := []string{s.basic(c, settings)}
	for _, p := range s.Params() {
		if p.Secret {
			list = append(list, c.Values[p.Key])
		}
	}
	return list
}
