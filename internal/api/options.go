package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"crmferry/internal/contact"
)

// The codes of faults in the query and the headers; the others are contact's.
const (
	codeRequired    = contact.CodeRequired
	codeMalformed   = "malformed"
	codeInvalid     = "invalid"
	codeUnsupported = "unsupported"
	codeRepeated    = "repeated"
	codeOutOfRange  = "out_of_range"
	codeFormat      = "invalid_format"
)

// The names of the create's query options that are read by hand.
const (
	optionExclude     = "truto_exclude_fields"
	optionRemoteQuery = "remote_query"
	optionWorkspace   = "workspace[id]"
	optionCallback    = "callback_url"
	optionDuplicate   = "on_duplicate"
	optionClientRef   = "client_ref"
	optionExpires     = "expires_in"
)

const (
	maxClientRef    = 128 // bytes
	maxRemoteQuery  = 50  // parameters
	maxRemoteBytes  = 4096
	maxOptionName   = 64 // of an unknown option that a warning repeats
	maxWarnings     = 50
	defaultLifetime = 72 * time.Hour
	minLifetime     = time.Second
	maxLifetime     = 30 * 24 * time.Hour
)

// options are the query options of a create that need more than a type.
type options struct {
	exclude     []string
	remoteQuery url.Values
	workspace   string
	clientRef   string
	callback    string
	lifetime    time.Duration
	warnings    []contact.Warning
	faults      []FieldProblem
}

// parseOptions reads the query of a create. known lists the options that take
// one value; any other name that it does not know is a warning.
func parseOptions(query url.Values, known []string) options {
	o := options{remoteQuery: url.Values{}, lifetime: defaultLifetime}
	for _, name := range sortedNames(query) {
		values := query[name]
		switch {
		case isExclude(name):
			o.addExcluded(values)
		case strings.HasPrefix(name, optionRemoteQuery+"["):
			o.addRemote(strings.TrimPrefix(name, optionRemoteQuery), values)
		case !slices.Contains(known, name):
			o.ignore(name)
		case len(values) > 1:
			o.fault(name, codeRepeated, "may be given once")
		default:
			o.single(name, values[0])
		}
	}
	if size := len(o.remoteQuery.Encode()); len(o.remoteQuery) > maxRemoteQuery || size > maxRemoteBytes {
		o.fault(optionRemoteQuery, contact.CodeTooMany, "may have at most 50 parameters and 4096 bytes")
	}
	return o
}

func sortedNames(query url.Values) []string {
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (o *options) fault(option, code, message string) {
	o.faults = append(o.faults, FieldProblem{Pointer: "query." + option, Code: code, Message: message})
}

func (o *options) warn(option, message string) {
	if len(o.warnings) < maxWarnings {
		o.warnings = append(o.warnings, contact.Warning{Field: option, Code: contact.CodeIgnored, Message: message})
	}
}

func (o *options) ignore(name string) {
	field := "query"
	if len(name) <= maxOptionName && strings.IndexFunc(name, unicode.IsControl) < 0 {
		field = "query." + name
	}
	o.warn(field, "is no option of this call and was left aside")
}

func (o *options) single(name, value string) {
	switch name {
	case optionWorkspace:
		o.workspace = strings.TrimSpace(value)
	case optionCallback:
		o.callback = value
	case optionClientRef:
		o.reference(value)
	case optionExpires:
		o.expires(value)
	}
}

// isExclude accepts the spellings in which clients send lists.
func isExclude(name string) bool {
	rest, ok := strings.CutPrefix(name, optionExclude)
	return ok && (rest == "" || strings.HasPrefix(rest, "[") && strings.HasSuffix(rest, "]"))
}

func (o *options) addExcluded(values []string) {
	for _, name := range splitList(values) {
		known := name == string(contact.RemoteData) || slices.Contains(contact.Readable(), contact.Field(name))
		switch {
		case !known:
			o.warn("query."+optionExclude, "names a field that no contact has; it was left aside")
		case !slices.Contains(o.exclude, name):
			o.exclude = append(o.exclude, name)
		}
	}
}

// splitList takes repeated values and comma lists for the same.
func splitList(values []string) []string {
	var out []string
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				out = append(out, name)
			}
		}
	}
	return out
}

// addRemote takes remote_query[a][b]=c for the vendor's parameter a[b].
func (o *options) addRemote(brackets string, values []string) {
	head, rest, closed := strings.Cut(strings.TrimPrefix(brackets, "["), "]")
	if !closed || head == "" {
		o.fault(optionRemoteQuery, codeMalformed, "must be written as remote_query[name]=value")
		return
	}
	o.remoteQuery[head+rest] = append(o.remoteQuery[head+rest], values...)
}

func (o *options) reference(value string) {
	switch {
	case len(value) > maxClientRef:
		o.fault(optionClientRef, contact.CodeTooLong, "may have at most 128 bytes")
	case strings.IndexFunc(value, unicode.IsControl) >= 0:
		o.fault(optionClientRef, contact.CodeControlCharacter, "must not hold control characters")
	default:
		o.clientRef = strings.TrimSpace(value)
	}
}

func (o *options) expires(value string) {
	if value == "" {
		return
	}
	d, ok := parseLifetime(value)
	switch {
	case !ok:
		o.fault(optionExpires, codeMalformed, "must be a duration such as 72h or 30m, or a number of seconds")
	case d < minLifetime || d > maxLifetime:
		o.fault(optionExpires, codeOutOfRange, "must be from 1 second to 30 days")
	default:
		o.lifetime = d
	}
}

func parseLifetime(value string) (time.Duration, bool) {
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		if n < 0 || n > int64(maxLifetime/time.Second) {
			return maxLifetime + 1, true
		}
		return time.Duration(n) * time.Second, true
	}
	d, err := time.ParseDuration(value)
	return d, err == nil
}

// referenceOr gives the reference of the query or the body; two must not differ.
func (o *options) referenceOr(own string) string {
	if o.clientRef != "" && own != "" && o.clientRef != own {
		o.fault(optionClientRef, contact.CodeConflict, "differs from client_ref in the body")
	}
	if o.clientRef != "" {
		return o.clientRef
	}
	return own
}

// applied is the contact of the body, normalised, with what the query adds.
func (o *options) applied(in contact.Input) contact.Input {
	in = contact.Normalize(in)
	if len(o.remoteQuery) > 0 {
		in.RemoteQuery = o.remoteQuery
	}
	return in
}
