package copper

import (
	"maps"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// flaw is what is wrong with one field.
type flaw struct{ field, text string }

// parse reads the vendor's refusals: a text under message, of batches an
// object there, or a word under error. There are no codes but the last.
func parse(r connector.Reply) connector.VendorError {
	body, err := connector.DecodeJSON[struct {
		Message any `json:"message"`
	}](r)
	flaws := append(lines(body.Message), entries(body.Message)...)
	if err != nil || len(flaws) == 0 {
		return connector.LenientError(r)
	}
	ve := connector.VendorError{}
	for _, f := range flaws {
		ve.Message = shape.Join("; ", ve.Message, shape.Join(": ", f.field, f.text))
		ve.Fields = append(ve.Fields, f.names()...)
	}
	if text, isText := body.Message.(string); isText {
		ve.Message = text
	}
	// Within a success only refusals of a batch's people come here.
	if (r.Status == 422 || r.Status == 200) && !slices.ContainsFunc(flaws, flaw.other) {
		ve.Kind = fault.Duplicate
	}
	return ve
}

// lines reads "Invalid input: Validation errors: Name: can't be blank" and
// further flaws on lines of their own.
func lines(message any) []flaw {
	text, _ := message.(string)
	for _, prefix := range []string{"Invalid input:", "Validation errors:"} {
		text = strings.TrimSpace(strings.TrimPrefix(text, prefix))
	}
	var flaws []flaw
	for line := range strings.Lines(text) {
		field, rest, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			field, rest = "", field
		}
		flaws = append(flaws, flaw{strings.ReplaceAll(strings.ToLower(field), " ", "_"), rest})
	}
	return flaws
}

// entries reads {"name": [{"error": "invalid"}]}.
func entries(message any) []flaw {
	byField, _ := message.(map[string]any)
	var flaws []flaw
	for _, field := range slices.Sorted(maps.Keys(byField)) {
		list, _ := byField[field].([]any)
		for _, entry := range list {
			object, _ := entry.(map[string]any)
			flaws = append(flaws, flaw{field, shape.Text(object["error"])})
		}
	}
	return flaws
}

// names lists what a flaw is about. Unknown keys are named in the text.
func (f flaw) names() []string {
	if _, unknown, ok := strings.Cut(f.text, "attributes specified:"); ok {
		return shape.Words(unknown)
	}
	if f.field == "" && f.aboutEmail() {
		return []string{"email"}
	}
	return []string{f.field}
}

func (f flaw) aboutEmail() bool {
	words := shape.Words(f.field + " " + f.text)
	return slices.Contains(words, "email") || slices.Contains(words, "emails")
}

// other tells all flaws from an e-mail that is taken, of which the vendor does
// not document the words: whatever is wrong with an e-mail but its form.
func (f flaw) other() bool {
	text := strings.ToLower(f.text)
	return !f.aboutEmail() || slices.ContainsFunc(
		[]string{"valid", "format", "blank", "empty", "malformed", "long", "missing", "required", "specified"},
		func(word string) bool { return strings.Contains(text, word) })
}
