package zohocrm

import (
	"encoding/json"
	"maps"
	"reflect"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
)

// encodeBatch puts the records of all bodies into one. What stands beside them,
// such as trigger, is about all, so contacts that differ in it cannot share a call.
func encodeBatch(calls []*connector.Call, bodies []map[string]any) (connector.Request, error) {
	all := maps.Clone(bodies[0])
	var list []any
	for _, b := range bodies {
		data, _ := b["data"].([]any)
		list = append(list, data...)
		if !reflect.DeepEqual(beside(b), beside(bodies[0])) {
			return connector.Request{}, fault.New(fault.Invalid, "mixed_options", "contacts of one batch must agree in trigger and the like")
		}
	}
	all["data"] = list
	return connector.Request{Method: "POST", Path: createPath(calls[0]), Body: all}, nil
}

func beside(body map[string]any) map[string]any {
	rest := maps.Clone(body)
	delete(rest, "data")
	return rest
}

// decodeBatch reads rows in the order of the records. A status of its own, 400
// is that of a batch without a good record, and that of a bad request.
func decodeBatch(_ []*connector.Call, r connector.Reply) ([]connector.BatchResult, error) {
	a, err := connector.DecodeJSON[struct {
		Data []json.RawMessage `json:"data"`
	}](r)
	if r.Status == 400 && len(a.Data) == 0 {
		ve := parse(r)
		return nil, &ve
	}
	results := make([]connector.BatchResult, len(a.Data))
	for i, raw := range a.Data {
		var rec row
		if err := json.Unmarshal(raw, &rec); err != nil {
			return nil, err
		}
		made, refusal := rec.written()
		results[i] = connector.BatchResult{Contact: made, Raw: raw, Err: refusal}
	}
	return results, err
}
