package account

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

const (
	schemeKey    = "scheme"
	expiresAtKey = "expires_at"
	maxSecret    = 8192 // bytes; longer ones do not fit into the usual server's headers
)

// auth reads the scheme and its parameters.
func (v *validator) auth(o Opaque) connector.Credential {
	if o.absent() {
		v.problem("/auth", contact.CodeRequired, "is required: an object of scheme and its parameters")
		return connector.Credential{}
	}
	list, ok := v.object("/auth", o)
	if !ok {
		return connector.Credential{}
	}
	scheme, known := v.scheme(list)
	if !known {
		v.params(list, v.allParams())
		return connector.Credential{}
	}
	values, settled := v.params(list, scheme.Params())
	v.missing(scheme, settled)
	return connector.Credential{Scheme: scheme.ID, Values: values}
}

// missing reports the parameters without which nothing can be authenticated.
func (v *validator) missing(scheme connector.Scheme, settled map[string]bool) {
	demanded := false
	for _, p := range scheme.Params() {
		demanded = demanded || p.Required
		if p.Required && !settled[p.Key] {
			v.problem("/auth/"+p.Key, contact.CodeRequired, "is required by the scheme %s", scheme.ID)
		}
	}
	if !demanded && !settled[connector.AccessToken] && !(settled["client_id"] && settled["client_secret"]) {
		v.problem("/auth/access_token", contact.CodeRequired, "is required, unless client_id and client_secret are given")
	}
}

// params reads the values of the parameters. settled are those of which the
// caller need not hear that they are missing: given, refused or misspelt.
func (v *validator) params(list []member, params []connector.Param) (values map[string]string, settled map[string]bool) {
	values, settled = map[string]string{}, map[string]bool{}
	for _, m := range list {
		switch {
		case m.key == schemeKey:
		case !slices.Contains(keys(params), m.key):
			settled[v.unknownParam(m.key, params)] = true
		default:
			value, good := v.param(m)
			if value != "" {
				values[m.key] = value
			}
			settled[m.key] = value != "" || !good
		}
	}
	return values, settled
}

// scheme finds the scheme that the members name.
func (v *validator) scheme(list []member) (scheme connector.Scheme, known bool) {
	var ids []string
	for _, s := range v.spec.Schemes {
		ids = append(ids, s.ID)
	}
	i := slices.IndexFunc(list, func(m member) bool { return m.key == schemeKey })
	switch {
	case i < 0:
		v.problem("/auth/scheme", contact.CodeRequired, "is required; %s takes: %s", v.spec.Name, strings.Join(ids, ", "))
	case list[i].kind != stringKind:
		v.problem("/auth/scheme", contact.CodeWrongType, "must be a string")
	default:
		if scheme, known = v.spec.Scheme(list[i].value); known {
			return scheme, true
		}
		v.problem("/auth/scheme", CodeUnknownScheme, "is no scheme of %s, which takes: %s", v.spec.Name, strings.Join(ids, ", "))
	}
	return connector.Scheme{}, false
}

// allParams are the parameters of all schemes of the CRM.
func (v *validator) allParams() []connector.Param {
	var all []connector.Param
	for _, s := range v.spec.Schemes {
		all = append(all, s.Params()...)
	}
	return all
}

func keys(params []connector.Param) []string {
	var out []string
	for _, p := range params {
		if !slices.Contains(out, p.Key) {
			out = append(out, p.Key)
		}
	}
	return out
}

// unknownParam reports a member that is no parameter, and gives the parameter
// that was meant, if one comes near.
func (v *validator) unknownParam(key string, params []connector.Param) (meant string) {
	names := keys(params)
	message := "is no parameter here; the parameters are: " + strings.Join(names, ", ")
	switch meant = contact.Nearest(key, append(names, schemeKey)); {
	case slices.ContainsFunc(v.spec.Settings, func(s connector.Setting) bool { return s.Key == key }):
		meant, message = "", "is a setting and belongs in /settings"
	case slices.Contains(keys(v.allParams()), key):
		meant, message = "", "is a parameter of another scheme; this one takes: "+strings.Join(names, ", ")
	case meant != "":
		message = "is no parameter; did you mean " + meant + "?"
	}
	v.unknown("/auth", key, message)
	return meant
}

// param checks the value of a parameter; it is "" where there is none.
func (v *validator) param(m member) (value string, good bool) {
	at := "/auth/" + m.key
	if m.key == expiresAtKey {
		return v.expiry(at, m)
	}
	if m.kind != stringKind {
		v.problem(at, contact.CodeWrongType, "must be a string")
		return "", false
	}
	value = m.value
	if m.key != "password" { // which alone may begin or end with a space
		value = strings.TrimSpace(value)
	}
	code, message := badSecret(m.key, value)
	if code != "" {
		v.problem(at, code, "%s", message)
	}
	return value, code == ""
}

// badSecret says what is wrong with a credential's value.
func badSecret(key, value string) (code, message string) {
	switch {
	case len(value) > maxSecret:
		return contact.CodeTooLong, "is longer than " + strconv.Itoa(maxSecret) + " bytes"
	case strings.ContainsFunc(value, unicode.IsControl):
		return contact.CodeControlCharacter, "holds a control character, such as a line end"
	case key == "username" && strings.Contains(value, ":"):
		return CodeInvalidFormat, "must not hold a colon, which separates it from the password" // RFC 7617 section 2
	case isToken(key) && strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }):
		return CodeInvalidFormat, "must be the bare token: ASCII without spaces, and no word such as Bearer before it"
	default:
		return "", ""
	}
}

func isToken(key string) bool {
	return key == connector.AccessToken || key == connector.APIKey || key == "refresh_token"
}

// expiry reads a time and gives it as RFC 3339 in UTC.
func (v *validator) expiry(at string, m member) (value string, good bool) {
	if m.kind == stringKind && strings.TrimSpace(m.value) == "" {
		return "", true
	}
	t, ok := parseExpiry(strings.TrimSpace(m.value))
	if !ok || m.kind == boolKind || m.kind == nestedKind {
		v.problem(at, contact.CodeInvalidDateTime, "must be an RFC 3339 time or seconds since 1970")
		return "", false
	}
	return t.UTC().Format(time.RFC3339), true
}

func parseExpiry(s string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, true
	}
	const (
		firstMillis = 1e11 // as seconds this were the year 5138
		lastMillis  = 253_402_300_799_999
	)
	n, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || math.IsNaN(n) || n <= 0 || n > lastMillis:
		return time.Time{}, false
	case n >= firstMillis:
		return time.UnixMilli(int64(n)), true
	default:
		return time.Unix(int64(n), 0), true
	}
}
