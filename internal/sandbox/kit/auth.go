package kit

import (
	"net/http"
	"regexp"
	"strings"
)

// AuthFault says why a credential is refused.
type AuthFault int

// The ways in which a credential can be refused.
const (
	Authorized   AuthFault = iota
	NoCredential           // the request carries none
	Invalid                // not of the form sbx_<slug>_<account>
	Expired                // the account is named "expired"
)

const (
	expiredAccount = "expired"
	noScopeAccount = "noscope"
)

var accountName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Token is the credential of an account. Every account name of up to 64
// letters, digits, dots, hyphens and underscores exists.
func Token(slug, account string) string { return "sbx_" + slug + "_" + account }

// authenticate tells the account that a credential belongs to.
func authenticate(slug, credential string) (account string, fault AuthFault) {
	if credential == "" {
		return "", NoCredential
	}
	name, ok := strings.CutPrefix(credential, Token(slug, ""))
	switch {
	case !ok || !accountName.MatchString(name):
		return "", Invalid
	case name == expiredAccount:
		return name, Expired
	}
	return name, Authorized
}

// Bearer is the token of an "Authorization: Bearer" header.
func Bearer(r *http.Request) string { return AuthWord(r, "Bearer") }

// AuthWord is what follows the given scheme word in the Authorization header,
// compared without regard to case; empty when the scheme is another.
func AuthWord(r *http.Request, word string) string {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, word) {
		return ""
	}
	return strings.TrimSpace(rest)
}

// BasicUser is the user name of HTTP Basic when the password is empty.
func BasicUser(r *http.Request) string {
	if user, pass, ok := r.BasicAuth(); ok && pass == "" {
		return user
	}
	return ""
}

// BasicPassword is the password of HTTP Basic when the user name passes.
func BasicPassword(r *http.Request, user func(string) bool) string {
	if name, pass, ok := r.BasicAuth(); ok && user(name) {
		return pass
	}
	return ""
}
