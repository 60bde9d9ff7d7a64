package mondaycrm

import (
	"encoding/json"
	"strconv"
	"strings"

	"crmferry/internal/connector"
)

// encodeBatch makes one mutation of several create_item fields, told apart by
// the aliases c0, c1, ...
func encodeBatch(calls []*connector.Call, bodies []map[string]any) (connector.Request, error) {
	var declared, fields, keys []string
	variables := map[string]any{}
	for i, body := range bodies {
		own, _ := body["variables"].(map[string]any)
		n := strconv.Itoa(i)
		var given []string
		for _, a := range arguments() {
			if value, ok := own[a.variable]; ok {
				variables[a.variable+n] = value
				declared = append(declared, "$"+a.variable+n+": "+a.kind)
				given = append(given, a.name+": $"+a.variable+n)
			}
		}
		fields = append(fields, "c"+n+": create_item("+strings.Join(given, ", ")+") "+itemFields)
		keys = append(keys, calls[i].Key)
	}
	query := "mutation (" + strings.Join(declared, ", ") + ") { " + strings.Join(fields, " ") + " }"
	return keyed(derivedKey(keys...), post(query, variables)), nil
}

// decodeBatch reads each alias. An alias without an item and without a problem
// of its own is left open.
func decodeBatch(calls []*connector.Call, r connector.Reply) ([]connector.BatchResult, error) {
	e, err := connector.DecodeJSON[envelope](r)
	if err != nil {
		return nil, err
	}
	results := make([]connector.BatchResult, len(calls))
	told := 0
	for _, p := range e.Errors {
		if i := alias(p.Path, len(calls)); i >= 0 {
			results[i].Err = p.vendorError(r)
			told++
		}
	}
	var data map[string]json.RawMessage
	_ = json.Unmarshal(e.Data, &data) // null, {} or [] when nothing was done
	for i, c := range calls {
		var it item
		raw := data["c"+strconv.Itoa(i)]
		if json.Unmarshal(raw, &it) == nil && it.ID != "" {
			reportLost(c, it)
			results[i] = connector.BatchResult{Contact: it.contact(c), Raw: raw}
			told++
		}
	}
	if refused := e.refusal(r); refused != nil && told == 0 {
		return nil, refused
	}
	return results, nil
}

// alias is the input that a problem's path names, -1 for none.
func alias(path []string, n int) int {
	if len(path) == 0 || !strings.HasPrefix(path[0], "c") {
		return -1
	}
	i, err := strconv.Atoi(path[0][1:])
	if err != nil || i < 0 || i >= n {
		return -1
	}
	return i
}
