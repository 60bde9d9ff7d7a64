package pipeliner

import (
	"cmp"
	"encoding/json"
	"net/url"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

// encodeBatch saves what is valid and reports the rest. An item with an id
// would be an update.
func encodeBatch(_ []*connector.Call, bodies []map[string]any) (connector.Request, error) {
	for _, body := range bodies {
		delete(body, "id")
	}
	return connector.Request{Method: "POST", Path: path + "/batch-modify", Query: url.Values{"rollback-method": {"1"}}, Body: bodies}, nil
}

// decodeBatch tells records, which are ids, from refusals. Those that say which
// item they are about are taken out first; the others go by their order, if
// there are as many as were sent.
func decodeBatch(calls []*connector.Call, r connector.Reply) ([]connector.BatchResult, error) {
	list, err := unwrap[[]json.RawMessage](r)
	if err != nil {
		return nil, err
	}
	results, known := make([]connector.BatchResult, len(calls)), make([]bool, len(calls))
	var rest []json.RawMessage
	for _, raw := range list {
		if i := index(raw, len(calls)); i >= 0 && !known[i] {
			results[i], known[i] = outcome(calls[i], raw), true
			continue
		}
		rest = append(rest, raw)
	}
	if len(list) != len(calls) {
		return results, nil
	}
	for i, c := range calls {
		if !known[i] {
			results[i], rest = outcome(c, rest[0]), rest[1:]
		}
	}
	return results, nil
}

// index is the item that a refusal is about, -1 where it does not say.
func index(raw json.RawMessage, items int) int {
	var f failure
	if json.Unmarshal(raw, &f) != nil || f.EntityIndex == nil || *f.EntityIndex < 0 || *f.EntityIndex >= items {
		return -1
	}
	return *f.EntityIndex
}

// outcome reads one element. Of what is nested in an item, nothing is told but
// that the item is stored.
func outcome(c *connector.Call, raw json.RawMessage) connector.BatchResult {
	var id string
	if json.Unmarshal(raw, &id) == nil && id != "" {
		return connector.BatchResult{Raw: raw, Contact: contact.Contact{
			ID: id, Account: linkedTo(c, nil), Tags: bareTags(tagged(c, nil)), URLs: urlList(socialMedia(c, nil)),
		}}
	}
	var f failure
	if json.Unmarshal(raw, &f) != nil || f.HTTPStatus == 0 {
		return connector.BatchResult{Raw: raw}
	}
	ve := f.vendorError(connector.Reply{Status: f.HTTPStatus, Body: raw})
	ve.Kind = cmp.Or(ve.Kind, f.kind())
	return connector.BatchResult{Raw: raw, Err: &ve}
}
