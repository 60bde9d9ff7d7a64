package parse

import (
	"bytes"

	"crmferry/internal/contact"
)

// ndjson reads one JSON object per line. A broken line costs that row only.
type ndjson struct {
	*source
	unknown contact.UnknownFields
	buffer  []byte
	begun   bool
}

func (n *ndjson) next() (Row, error) {
	for {
		line := n.line
		var err error
		n.buffer, err = n.appendLine(n.buffer[:0], line)
		if err != nil {
			return Row{}, err
		}
		raw := bytes.TrimSpace(n.buffer)
		if len(raw) == 0 {
			continue
		}
		if !n.begun && raw[0] == '[' {
			return Row{}, fail(CodeMalformedJSON, line, "The file is a JSON array; send it as application/json.")
		}
		n.begun = true
		return rowOf(line, string(raw), raw, n.unknown), nil
	}
}

func (n *ndjson) describe(*Mapping) {}
func (n *ndjson) preamble() string  { return "" }
func (n *ndjson) none() *Error      { return fail(CodeEmptyFile, 0, "The file holds no contact.") }
