package hubspot

import (
	"net/http"
	"strings"

	"crmferry/internal/sandbox/kit"
)

const maxBatch = 100

type batch struct {
	Inputs                []input   `json:"inputs"`
	IDProperty            string    `json:"idProperty"`
	Properties            []string  `json:"properties"`
	PropertiesWithHistory *[]string `json:"propertiesWithHistory"`
}

// inputs reads a batch body within the vendor's bounds.
func inputs(c *kit.Call) (batch, *kit.Reply) {
	var b batch
	var no kit.Reply
	switch {
	case c.Decode(&b) != nil:
		no = malformed(c)
	case len(b.Inputs) == 0:
		no = invalid(c, "Some required fields were not set: [inputs]")
	case len(b.Inputs) > maxBatch:
		no = invalid(c, "The maximum number of inputs supported in a batch request for property contacts is 100")
	default:
		return b, nil
	}
	return b, &no
}

// traced tells whether every input has a trace id of its own, which alone
// makes the vendor judge inputs one by one.
func traced(list []input) bool {
	seen := map[string]bool{"": true}
	for _, in := range list {
		if seen[in.TraceID] {
			return false
		}
		seen[in.TraceID] = true
	}
	return true
}

func complete(c *kit.Call, status int, results []any, errors []any) kit.Reply {
	at := kit.Millis(c.Now)
	body := map[string]any{"status": "COMPLETE", "results": results, "requestedAt": at, "startedAt": at, "completedAt": at}
	if len(errors) > 0 {
		status = http.StatusMultiStatus
		body["numErrors"], body["errors"] = len(errors), errors
	}
	return kit.JSON(status, body)
}

func (r refusal) row(in input) map[string]any {
	context := map[string]any{"objectWriteTraceId": []string{in.TraceID}}
	if r.existing != "" {
		context["existingId"] = []string{r.existing}
	}
	return map[string]any{"status": "error", "category": r.category, "message": r.message, "context": context}
}

func batchCreate(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return missingScope(c)
	}
	b, no := inputs(c)
	if no != nil {
		return *no
	}
	if !traced(b.Inputs) {
		if no := wholeBatch(c, b.Inputs); no != nil {
			return no.reply(c)
		}
	}
	results, errors := []any{}, []any{}
	for _, in := range b.Inputs {
		if no := judge(c, in, nil); no != nil {
			errors = append(errors, no.row(in))
			continue
		}
		r := write(c, in, "batch_create")
		results = append(results, object(c, r, shown(r)))
	}
	return complete(c, http.StatusCreated, results, errors)
}

// wholeBatch tells why none of the inputs is written: the first problem.
func wholeBatch(c *kit.Call, list []input) *refusal {
	emails := map[string]bool{}
	for _, in := range list {
		no := judge(c, in, nil)
		email := strings.ToLower(in.values()["email"])
		if no == nil && email != "" && emails[email] {
			no = &refusal{status: http.StatusConflict, category: "CONFLICT"}
		}
		if no != nil {
			if no.status == http.StatusConflict {
				no.message = "Contact already exists"
			}
			return no
		}
		emails[email] = true
	}
	return nil
}

func batchRead(c *kit.Call) kit.Reply {
	b, no := inputs(c)
	if no != nil {
		return *no
	}
	if b.PropertiesWithHistory == nil {
		return invalid(c, "Some required fields were not set: [propertiesWithHistory]")
	}
	results, missing := []any{}, []string{}
	for _, in := range b.Inputs {
		r, ok := locate(c, b.IDProperty, in.ID)
		if !ok {
			return invalid(c, "The idProperty is not a unique property of contacts")
		}
		if r == nil {
			missing = append(missing, in.ID)
			continue
		}
		results = append(results, object(c, r, selected(r, b.Properties)))
	}
	if len(missing) == 0 {
		return complete(c, http.StatusOK, results, nil)
	}
	return complete(c, http.StatusOK, results, []any{map[string]any{
		"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.",
		"context": map[string]any{"ids": missing},
	}})
}

func batchUpsert(c *kit.Call) kit.Reply {
	if c.NoScope() {
		return missingScope(c)
	}
	b, no := inputs(c)
	if no != nil {
		return *no
	}
	results, errors := []any{}, []any{}
	for _, in := range b.Inputs {
		r, ok := locate(c, in.IDProperty, in.ID)
		if !ok || in.ID == "" {
			return invalid(c, "The idProperty is not a unique property of contacts")
		}
		if in.Properties == nil {
			in.Properties = map[string]*string{}
		}
		in.Properties[in.IDProperty] = &in.ID
		isNew := r == nil
		if no := judge(c, in, r); no != nil {
			if !traced(b.Inputs) {
				return no.reply(c)
			}
			errors = append(errors, no.row(in))
			continue
		}
		if isNew {
			r = write(c, in, "upsert")
		} else {
			c.Update(r, overlay(in))
		}
		result := object(c, r, shown(r))
		result["new"] = isNew
		results = append(results, result)
	}
	return complete(c, http.StatusOK, results, errors)
}
