package connector

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// LenientError reads a refusal of unknown shape: an object, a list, a string,
// plain text, HTML or nothing.
func LenientError(r Reply) VendorError {
	var body any
	if err := r.JSON(&body); err != nil {
		return VendorError{Message: plainText(r)}
	}
	ve := VendorError{Code: findText(body, "code", "errorCode", "error_code", "error", "category", "type", "status")}
	if strings.ContainsAny(ve.Code, " \t\n") {
		ve.Code = "" // a sentence, not a code
	}
	ve.Message = findText(body, "message", "error_message", "error_description", "detail", "description", "title", "error", "msg")
	if ve.Message == "" {
		ve.Message = http.StatusText(r.Status)
	}
	return ve
}

// plainText is the message of a body that is no JSON.
func plainText(r Reply) string {
	text := strings.TrimSpace(string(r.Body))
	if text == "" || strings.HasPrefix(text, "<") {
		return http.StatusText(r.Status)
	}
	return clip(text, 200)
}

// findText gives the first text under one of the keys: at the top, or in the
// first element of a list, or under error or errors.
func findText(v any, keys ...string) string {
	switch node := v.(type) {
	case string:
		return node
	case []any:
		if len(node) > 0 {
			return findText(node[0], keys...)
		}
	case map[string]any:
		for _, key := range keys {
			switch text := node[key].(type) {
			case string:
				return text
			case json.Number:
				return text.String()
			}
		}
		for _, inner := range []string{"error", "errors", "details", "data"} {
			if sub, ok := node[inner]; ok {
				if _, isText := sub.(string); !isText {
					return findText(sub, keys...)
				}
			}
		}
	}
	return ""
}

// decodeJSON decodes a whole body; untyped numbers become json.Number.
func decodeJSON(body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	return dec.Decode(v)
}

// expand replaces {name} in t by the first map that has a value for it; unknown
// names become empty.
func expand(t string, values ...map[string]string) string {
	var out strings.Builder
	for {
		open := strings.IndexByte(t, '{')
		if open < 0 {
			break
		}
		end := strings.IndexByte(t[open:], '}')
		if end < 0 {
			break
		}
		out.WriteString(t[:open])
		name := t[open+1 : open+end]
		for _, m := range values {
			if v := m[name]; v != "" {
				out.WriteString(v)
				break
			}
		}
		t = t[open+end+1:]
	}
	out.WriteString(t)
	return out.String()
}
