package hubspot

import (
	"encoding/json"
	"strconv"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// trace labels the inputs of a batch: with a label of its own on each, one bad
// input does not spoil the others.
const trace = "row-"

func encodeBatch(calls []*connector.Call, bodies []map[string]any) (connector.Request, error) {
	for i, body := range bodies {
		body["objectWriteTraceId"] = trace + strconv.Itoa(i)
	}
	return connector.Request{
		Method: "POST", Path: at(calls[0], "objects", "/contacts/batch/create"),
		Body: map[string]any{"inputs": bodies},
	}, nil
}

type batchAnswer struct {
	Results []json.RawMessage `json:"results"`
	Errors  []failure         `json:"errors"`
}

// decodeBatch matches refusals by their label. Records often lack theirs; then
// the e-mail tells whose they are. What matches nothing leaves its input open.
func decodeBatch(calls []*connector.Call, r connector.Reply) ([]connector.BatchResult, error) {
	answer, err := connector.DecodeJSON[batchAnswer](r)
	if err != nil {
		return nil, err
	}
	results := make([]connector.BatchResult, len(calls))
	open := func(i int) bool { return results[i].Err == nil && results[i].Contact.ID == "" }
	for _, f := range answer.Errors {
		if i := row(first(f.Context.TraceIDs)); i >= 0 && i < len(calls) {
			ve := f.vendorError()
			results[i].Err = &ve
		}
	}
	for _, raw := range answer.Results {
		i, made, err := decodeMember(calls, open, raw)
		if err != nil {
			return nil, err
		}
		if i >= 0 {
			results[i] = connector.BatchResult{Contact: made, Raw: raw}
		}
	}
	return results, nil
}

// decodeMember reads one record of the answer and finds its input, -1 for none.
func decodeMember(calls []*connector.Call, open func(int) bool, raw json.RawMessage) (int, contact.Contact, error) {
	var head struct {
		ID    string `json:"id"`
		Trace string `json:"objectWriteTraceId"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return -1, contact.Contact{}, err
	}
	i := row(head.Trace)
	known := i >= 0 && i < len(calls)
	if known && calls[i].Brief {
		return i, contact.Contact{ID: head.ID}, nil
	}
	var rec record
	if err := json.Unmarshal(raw, &rec); err != nil {
		return -1, contact.Contact{}, err
	}
	if !known {
		i = owner(calls, open, rec.Properties.Known.Email)
	}
	if i < 0 {
		return i, contact.Contact{}, nil
	}
	return i, created(calls[i], rec), nil
}

// row is the input that a label belongs to, -1 for none of ours.
func row(label string) int {
	text, ok := strings.CutPrefix(label, trace)
	i, err := strconv.Atoi(text)
	if !ok || err != nil {
		return -1
	}
	return i
}

// owner is the first open input with that e-mail, -1 for none.
func owner(calls []*connector.Call, open func(int) bool, email string) int {
	for i, c := range calls {
		if open(i) && contact.SameEmail(shape.FirstEmail(c.Input.EmailAddresses), email) {
			return i
		}
	}
	return -1
}
