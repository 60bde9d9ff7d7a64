package connectortest

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

// matrixJSON is the field support of the API whose wire contract we keep: for
// each field of its request and its response the CRMs for which it documents
// support, with its own slips of spelling.
//
//go:embed matrix.json
var matrixJSON []byte

// seed is the matrix: direction, field, CRM; "required" or "supported".
type seed map[string]map[string]map[string]string

// The directions of the matrix. The query option workspace[id] is a cell too.
const (
	request  = "request"
	response = "response"
	query    = "query"
)

func readSeed() (seed, error) {
	var s seed
	err := json.Unmarshal(matrixJSON, &s)
	return s, err
}

// cell is one mark of the matrix that is about one CRM.
type cell struct {
	direction string
	name      string // as the matrix spells it
	required  bool
}

func (c cell) String() string { return c.direction + "/" + c.name }

// field is the unified field that a cell means: the matrix has names that one
// CRM alone uses for what the others have too.
func (c cell) field() contact.Field {
	switch c.name {
	case "phone_number", "phone_numbesr":
		return contact.PhoneNumbers
	case "job_title":
		return contact.Title
	default:
		return contact.Field(c.name)
	}
}

// cells lists what the matrix has about a CRM, in order.
func (s seed) cells(crm string) []cell {
	var list []cell
	for direction, fields := range s {
		for name, crms := range fields {
			if mark, ok := crms[crm]; ok {
				list = append(list, cell{direction, name, mark == "required"})
			}
		}
	}
	slices.SortFunc(list, func(a, b cell) int { return strings.Compare(a.String(), b.String()) })
	return list
}

// met says whether a connector supports what the cell promises.
func (c cell) met(s *connector.Spec) bool {
	switch c.direction {
	case query:
		return c.name == "workspace.id" && s.Workspace != ""
	case response:
		return slices.Contains(s.Fields.Returns, c.field())
	default:
		return slices.Contains(s.Fields.Accepts, c.field()) && (!c.required || slices.Contains(s.Fields.Requires, c.field()))
	}
}

// matrix holds a Spec against the matrix: what it lacks has a waiver, and what
// it does not lack has none.
func matrix(t testing.TB, s *connector.Spec, waived []Waiver) {
	t.Helper()
	all, err := readSeed()
	if err != nil {
		t.Fatal(err)
	}
	cells := all.cells(s.ID)
	if len(cells) == 0 {
		t.Errorf("the matrix has no cell of %s", s.ID)
	}
	for _, c := range cells {
		w, ok := waiver(waived, s.ID, c.String())
		switch {
		case !ok && !c.met(s):
			t.Errorf("%s is promised (required: %v), but not supported, and not waived", c, c.required)
		case ok && c.met(s):
			t.Errorf("the waiver of %s is stale: it is supported", c)
		case ok && c.direction == request && s.Fields.Notes[c.field()] == "":
			t.Errorf("%s is waived (%s), but no note of the field tells a caller so", c, w.Reason)
		}
	}
	for _, f := range demanded(s, cells) {
		if _, ok := waiver(waived, s.ID, "requires/"+string(f)); !ok {
			t.Errorf("%s is required, which the matrix does not say, and which is not waived", f)
		}
	}
	staleWaivers(t, s, cells, waived)
}

// demanded lists the fields that a connector requires beyond the matrix: they
// cost a caller of the older API its contacts.
func demanded(s *connector.Spec, cells []cell) []contact.Field {
	var list []contact.Field
	for _, f := range s.Fields.Requires {
		if !slices.ContainsFunc(cells, func(c cell) bool { return c.direction == request && c.required && c.field() == f }) {
			list = append(list, f)
		}
	}
	return list
}

func staleWaivers(t testing.TB, s *connector.Spec, cells []cell, waived []Waiver) {
	t.Helper()
	known := map[string]bool{}
	for _, c := range cells {
		known[c.String()] = true
	}
	for _, f := range demanded(s, cells) {
		known["requires/"+string(f)] = true
	}
	for _, w := range waived {
		if w.CRM == s.ID && !known[w.Cell] && !strings.HasPrefix(w.Cell, unread) {
			t.Errorf("the waiver of %s is stale: there is no such difference", w.Cell)
		}
	}
}

// Counts sums up the support of fields over all CRMs.
type Counts struct {
	Request, Response int // cells of the matrix, by direction
	Supported, Waived int // they sum up to Request + Response
	// What connectors support beyond the matrix.
	BeyondRequest, BeyondResponse int
}

// Count counts the cells of the matrix and those that specs add.
func Count(specs []*connector.Spec) (Counts, error) {
	var n Counts
	all, err := readSeed()
	if err != nil {
		return n, err
	}
	for _, s := range specs {
		promised := map[string]bool{}
		for _, c := range all.cells(s.ID) {
			promised[c.direction+"/"+string(c.field())] = true
			n.add(c, c.met(s))
		}
		n.BeyondRequest += beyond(promised, request, s.Fields.Accepts)
		n.BeyondResponse += beyond(promised, response, s.Fields.Returns)
	}
	return n, nil
}

func (n *Counts) add(c cell, met bool) {
	switch c.direction {
	case request:
		n.Request++
	case response:
		n.Response++
	default:
		return // the one query option is no field
	}
	if met {
		n.Supported++
	} else {
		n.Waived++
	}
}

func beyond(promised map[string]bool, direction string, fields []contact.Field) int {
	n := 0
	for _, f := range fields {
		if !promised[direction+"/"+string(f)] {
			n++
		}
	}
	return n
}
