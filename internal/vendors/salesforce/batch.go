package salesforce

import (
	"encoding/json"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

type collection struct {
	AllOrNone bool             `json:"allOrNone"`
	Records   []map[string]any `json:"records"`
}

// encodeBatch makes one call of up to 200 records, which costs one request:
// https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-create.html
func encodeBatch(calls []*connector.Call, bodies []map[string]any) (connector.Request, error) {
	field := calls[0].Settings[externalIDField]
	for i, body := range bodies {
		body["attributes"] = map[string]string{"type": "Contact"}
		if field != "" {
			body[field] = calls[i].Key
		}
	}
	req := connector.Request{Method: "POST", Path: "/composite/sobjects", Body: collection{Records: bodies}}
	if field != "" {
		req.Method, req.Path = "PATCH", "/composite/sobjects/Contact/"+field
	}
	return req, nil
}

// decodeBatch reads results in the order of the records.
func decodeBatch(_ []*connector.Call, r connector.Reply) ([]connector.BatchResult, error) {
	list, err := connector.DecodeJSON[[]json.RawMessage](r)
	if err != nil {
		return nil, err
	}
	results := make([]connector.BatchResult, len(list))
	for i, raw := range list {
		var made result
		if err := json.Unmarshal(raw, &made); err != nil {
			return nil, err
		}
		results[i] = connector.BatchResult{Contact: contact.Contact{ID: made.ID}, Raw: raw}
		if !made.Success && len(made.Errors) > 0 {
			results[i].Err = vendorError(made.Errors)
		}
	}
	return results, nil
}
