package parse

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"crmferry/internal/contact"
)

// CodeRaggedRow is the code of a CSV row that has another number of fields than
// the header has columns; the other codes of rows are contact's.
const CodeRaggedRow = "ragged_row"

const (
	maxContact   = 256 << 10 // bytes, as of a single contact
	maxClientRef = 128       // bytes
)

// rowOf decodes one row, document being its contact in JSON.
func rowOf(line int, raw string, document []byte, unknown contact.UnknownFields) Row {
	row := Row{Line: line, Raw: raw}
	if len(document) > maxContact {
		row.Invalid = invalid(contact.CodeTooLong, fmt.Sprintf("must have at most %d bytes", maxContact))
		return row
	}
	doc, err := contact.DecodeWith(document, unknown)
	if errors.As(err, &row.Invalid) {
		row.ClientRef = referenceIn(document, row.Invalid)
		return row
	}
	row.ClientRef, row.Metadata, row.Warnings = doc.ClientRef, doc.Metadata, doc.Warnings
	if row.Input = contact.Normalize(doc.Input); len(row.Input.Present()) == 0 && len(row.Input.RemoteData) == 0 {
		row.Input = contact.Input{}
		row.Invalid = invalid(contact.CodeRequired, "holds nothing of a contact")
	}
	return row
}

// invalid is the fault of a row as a whole.
func invalid(code, message string) *contact.Invalid {
	return &contact.Invalid{Status: http.StatusUnprocessableEntity, Problems: []contact.Problem{{Code: code, Message: message}}}
}

// referenceIn finds the client_ref of a row that is well-formed, though
// invalid: it is how the caller knows the row.
func referenceIn(document []byte, why *contact.Invalid) string {
	if why.Status != http.StatusUnprocessableEntity {
		return ""
	}
	var row struct {
		ClientRef any `json:"client_ref"`
	}
	if json.Unmarshal(document, &row) != nil {
		return ""
	}
	ref, _ := row.ClientRef.(string)
	if ref = strings.TrimSpace(ref); len(ref) > maxClientRef || strings.ContainsFunc(ref, unicode.IsControl) {
		return ""
	}
	return ref
}
