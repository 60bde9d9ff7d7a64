package close

import (
	"maps"
	"slices"
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/shape"
)

// parse reads refusals, which may be no JSON whatever their content type says.
// Those of fields are nested as the vendor's validation library does it:
// https://github.com/closeio/cleancat
func parse(r connector.Reply) connector.VendorError {
	answer, err := connector.DecodeJSON[struct {
		General any            `json:"errors"`
		Fields  map[string]any `json:"field-errors"`
	}](r)
	ve := connector.LenientError(r)
	if r.Status == 429 {
		ve.RetryAfter, _ = connector.ParseWait(reset(r.Header.Get("RateLimit")), connector.Seconds, time.Time{})
	}
	messages := texts(answer.General)
	for _, name := range slices.Sorted(maps.Keys(answer.Fields)) {
		ve.Fields = append(ve.Fields, name, strings.TrimPrefix(name, prefix))
		messages = append(messages, name+": "+shape.Join(" ", texts(answer.Fields[name])...))
	}
	if err == nil && len(messages) > 0 {
		ve.Message = shape.Join("; ", messages...)
	}
	return ve
}

// reset is the time to the end of the window in "limit=100, remaining=0,
// reset=5.3": https://developer.close.com/topics/rate-limits/
func reset(header string) string {
	_, rest, _ := strings.Cut(header, "reset=")
	seconds, _, _ := strings.Cut(rest, ",")
	return seconds
}

// texts are all texts of a tree, in order.
func texts(tree any) []string {
	var list []string
	switch node := tree.(type) {
	case string:
		return []string{node}
	case []any:
		for _, inner := range node {
			list = append(list, texts(inner)...)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(node)) {
			list = append(list, texts(node[key])...)
		}
	}
	return list
}
