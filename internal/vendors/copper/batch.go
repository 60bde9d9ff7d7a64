package copper

import (
	"encoding/json"

	"crmferry/internal/connector"
)

// https://developer.copper.com/people/bulk-create-people.html
func encodeBatch(_ []*connector.Call, bodies []map[string]any) (connector.Request, error) {
	return connector.Request{Method: "POST", Path: "/people/bulk_create", Body: map[string]any{"people": bodies}}, nil
}

// decodeBatch finds a person or a refusal for each of the calls, in their
// order. What is neither leaves the outcome open.
func decodeBatch(calls []*connector.Call, r connector.Reply) ([]connector.BatchResult, error) {
	rows, err := connector.DecodeJSON[[]json.RawMessage](r)
	if err != nil || len(rows) != len(calls) {
		return nil, err
	}
	results := make([]connector.BatchResult, len(calls))
	for i, raw := range rows {
		row := connector.Reply{Status: r.Status, Header: r.Header, Body: raw}
		outcome, err := connector.DecodeJSON[struct {
			person
			Success *bool `json:"success"`
		}](row)
		switch {
		case err == nil && outcome.Success != nil && !*outcome.Success:
			refused := parse(row)
			results[i] = connector.BatchResult{Err: &refused}
		case err == nil:
			results[i] = connector.BatchResult{Contact: outcome.contact(calls[i]), Raw: raw}
		}
	}
	return results, nil
}
