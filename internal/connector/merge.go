package connector

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"crmferry/internal/contact"
)

// mergeRemoteData merges a caller's data into a request body where the Spec
// says. Objects are merged key by key; everything else is replaced.
func (s *Spec) mergeRemoteData(body any, data map[string]any) (any, error) {
	raw, err := encodeBody(body)
	if err != nil {
		return nil, err
	}
	tree := map[string]any{}
	if raw != nil {
		if err := decodeJSON(raw, &tree); err != nil {
			return nil, fmt.Errorf("remote_data cannot be merged into this CRM's request")
		}
	}
	for key, value := range data {
		Merge(within(tree, s.remoteDataPath(key)), map[string]any{key: value})
	}
	return tree, nil
}

// remoteDataPath is where a key of remote_data belongs.
func (s *Spec) remoteDataPath(key string) string {
	for _, exception := range s.RemoteDataTop {
		if parent, last := cutLast(exception); last == key {
			return parent
		}
	}
	return s.RemoteDataAt
}

// cutLast parts "data.relationships" into "data" and "relationships".
func cutLast(path string) (parent, last string) {
	at := strings.LastIndexByte(path, '.')
	return path[:max(at, 0)], path[at+1:]
}

// within is the object at a dotted path of a tree, made where there is none.
// Of a list it is the first: some CRMs take lists of one.
func within(tree map[string]any, path string) map[string]any {
	for _, key := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' }) {
		next, ok := tree[key].(map[string]any)
		if list, isList := tree[key].([]any); isList && len(list) > 0 {
			next, ok = list[0].(map[string]any)
		}
		if !ok {
			next = map[string]any{}
			tree[key] = next
		}
		tree = next
	}
	return tree
}

// Merge merges src into dst: objects key by key, everything else replaced.
func Merge(dst, src map[string]any) {
	for key, value := range src {
		from, ok1 := value.(map[string]any)
		into, ok2 := dst[key].(map[string]any)
		if ok1 && ok2 {
			Merge(into, from)
			continue
		}
		dst[key] = value
	}
}

func mergedQuery(own, more url.Values) url.Values {
	out := url.Values{}
	for _, values := range []url.Values{own, more} {
		for key, list := range values {
			out[key] = slices.Clone(list)
		}
	}
	return out
}

// Unsupported lists a warning for each field of the input that the CRM cannot hold.
func (s *Spec) Unsupported(in contact.Input) []contact.Warning {
	var out []contact.Warning
	for _, f := range in.Present() {
		if slices.Contains(s.Fields.Accepts, f) {
			continue
		}
		message := s.Fields.Notes[f]
		if message == "" {
			message = s.Name + " cannot hold this field; it was left out"
		}
		out = append(out, contact.Warning{Field: string(f), Code: "unsupported", Message: message})
	}
	if len(in.RemoteQuery) > 0 && s.RemoteDataAt == RemoteDataByHand {
		out = append(out, contact.Warning{Field: "query.remote_query", Code: "unsupported",
			Message: s.Name + " takes no query parameters; they were left out"})
	}
	return out
}

// Missing lists the fields that the CRM requires and that neither the input
// nor a default of the account's settings gives.
func (s *Spec) Missing(in contact.Input, settings Settings) []contact.Field {
	present := in.Present()
	var out []contact.Field
	for _, f := range s.Fields.Requires {
		if !slices.Contains(present, f) && settings[s.Fields.Defaults[f]] == "" {
			out = append(out, f)
		}
	}
	return out
}
