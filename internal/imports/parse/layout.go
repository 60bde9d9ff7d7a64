package parse

import (
	"fmt"
	"slices"
	"strings"

	"crmferry/internal/contact"
)

const (
	maxColumns = 2_000
	// maxHint is the longest header that is repeated in the problem of a row.
	maxHint = 64
)

// layout says where the columns of a CSV file go.
type layout struct {
	width   int // columns, without nameless ones at the end
	program string
	report  []MappedColumn
	scalars []cell
	free    []cell
	lists   []*entry
}

// cell is a place and the columns that feed it, the first with text winning,
// or all of them in the parts of an address.
type cell struct {
	place   place
	columns []int
}

// entry is one entry of a list, with the columns of each of its parts.
type entry struct {
	field string
	key   string
	fixed string // type, if the header tells it
	cells []cell
}

// layOut finds the place of each column.
func layOut(headers []string, o Options) (*layout, error) {
	l := &layout{width: len(headers)}
	for l.width > 0 && strings.TrimSpace(headers[l.width-1]) == "" {
		l.width--
	}
	if l.width > maxColumns {
		return nil, fail(CodeTooManyColumns, 0, fmt.Sprintf("The header has more than %d columns.", maxColumns))
	}
	headers = headers[:l.width]
	asked, err := explicit(headers, o.Columns)
	if err != nil {
		return nil, err
	}
	order := ranked(headers)
	for i, header := range headers {
		m := recognise(header, order, o.Unknown)
		if path, ok := asked[i]; ok {
			m = mapped(path)
		}
		m.Column, m.Header = i+1, header
		if m.Status == Mapped || m.Status == CustomField {
			p, _ := parsePlace(m.Field) // a table's path, or one that explicit has checked
			if l.put(p, i) {
				m.Note = noteSpare
			}
		}
		l.report = append(l.report, m)
	}
	l.program = leader(order, headers)
	l.settle()
	return l, nil
}

// mapped is the report of a column whose place the caller has named.
func mapped(path string) MappedColumn {
	if path == "" {
		return MappedColumn{Status: Ignored, By: byColumns, Note: noteAsked}
	}
	p, _ := parsePlace(path)
	status := Mapped
	if p.field == customField {
		status = CustomField
	}
	return MappedColumn{Field: p.String(), Status: status, By: byColumns}
}

// explicit resolves the caller's own mapping to columns.
func explicit(headers []string, named map[string]string) (map[int]string, error) {
	out := map[int]string{}
	for header, path := range named {
		if _, ok := parsePlace(path); !ok && path != "" {
			return nil, fail(CodeBadMapping, 0, "The mapping of columns names a field that no contact has"+meant(path)+".")
		}
		found := false
		for _, same := range []func(string) bool{
			func(h string) bool { return strings.TrimSpace(h) == strings.TrimSpace(header) },
			func(h string) bool { return headerKey(h) == headerKey(header) && headerKey(h) != "" },
		} {
			for i, h := range headers {
				if same(h) {
					out[i], found = path, true
				}
			}
			if found {
				break
			}
		}
		if !found {
			return nil, fail(CodeBadMapping, 1, "The mapping names a column that the file does not have.")
		}
	}
	return out, nil
}

// meant suggests the field that somebody may have meant.
func meant(name string) string {
	var known []string
	for _, f := range contact.Writable() {
		known = append(known, string(f))
	}
	if near := contact.Nearest(strings.TrimSpace(name), append(known, clientRef)); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// ranked orders the programs by how many of the headers they have; the one
// whose export this is most likely is asked first, then the plain names.
func ranked(headers []string) []lexicon {
	score := map[string]int{}
	for _, l := range lexicons {
		for _, h := range headers {
			if _, ok := l.find(h); ok {
				score[l.program.ID]++
			}
		}
	}
	order := slices.Clone(lexicons)
	best := slices.MaxFunc(order, func(a, b lexicon) int { return score[a.program.ID] - score[b.program.ID] })
	slices.SortStableFunc(order, func(a, b lexicon) int {
		return rank(a, best) - rank(b, best)
	})
	return order
}

func rank(l, best lexicon) int {
	if l.program.ID == best.program.ID {
		return 0
	}
	return 1
}

// leader is the program that the file comes from, "" if none has its headers.
func leader(order []lexicon, headers []string) string {
	for _, h := range headers {
		if _, ok := order[0].find(h); ok {
			return order[0].program.ID
		}
	}
	return ""
}

// recognise finds what a header means: a field's own name, a program's column,
// or nothing.
func recognise(header string, order []lexicon, unknown contact.UnknownFields) MappedColumn {
	name := strings.TrimSpace(header)
	if name == "" {
		return MappedColumn{Status: Ignored, Note: noteUnnamed}
	}
	if p, ok := parsePlace(name); ok {
		status := Mapped
		if p.field == customField {
			status = CustomField
		}
		return MappedColumn{Field: p.String(), Status: status, By: byField}
	}
	custom := MappedColumn{Field: place{field: customField, part: name}.String(), Status: CustomField}
	for _, l := range order {
		c, ok := l.find(header)
		switch {
		case !ok:
			continue
		case c.Field != "":
			return MappedColumn{Field: c.Field, Status: Mapped, By: l.program.ID}
		case c.Keep && unknown == contact.UnknownCustomField:
			custom.By = l.program.ID
			return custom
		case c.Keep:
			return MappedColumn{Status: Ignored, By: l.program.ID, Note: noteNoPlace}
		default:
			return MappedColumn{Status: Ignored, By: l.program.ID, Note: noteUseless}
		}
	}
	if unknown == contact.UnknownCustomField {
		return custom
	}
	return MappedColumn{Status: Unknown, Note: strings.TrimPrefix(meant(name), "; ")}
}

// put adds a column to its place and reports whether another had it before.
func (l *layout) put(p place, column int) (spare bool) {
	if _, isList := parts[p.field]; isList {
		return l.putPart(p, column)
	}
	into := &l.scalars
	if p.field == customField || p.field == metadata {
		into = &l.free
	}
	for i := range *into {
		if c := &(*into)[i]; c.place == p {
			c.columns = append(c.columns, column)
			return true
		}
	}
	*into = append(*into, cell{p, []int{column}})
	return false
}

// putPart adds a column to the entry that lacks this part, or to a new one. The
// parts of an address may be spread over several columns (Street 2, Street 3).
func (l *layout) putPart(p place, column int) bool {
	for _, e := range l.lists {
		if e.field != p.field || e.key != p.entry {
			continue
		}
		at := slices.IndexFunc(e.cells, func(c cell) bool { return c.place.part == p.part })
		switch {
		case at < 0:
			e.cells = append(e.cells, cell{p, []int{column}})
			return false
		case p.field == "addresses":
			e.cells[at].columns = append(e.cells[at].columns, column)
			return false
		}
	}
	e := &entry{field: p.field, key: p.entry, cells: []cell{{p, []int{column}}}}
	if _, numbered := p.numbered(); !numbered {
		e.fixed = p.entry
	}
	l.lists = append(l.lists, e)
	return false
}

// about reports whether the entry has a column for what it is about.
func (e *entry) about() bool {
	return e.field == "addresses" || slices.ContainsFunc(e.cells, func(c cell) bool { return c.place.part == parts[e.field][0] })
}

// settle gives parts without an entry of their own, such as a lone Extension,
// to the first entry of their list, and brings numbered entries into order.
func (l *layout) settle() {
	all := slices.Clone(l.lists)
	l.lists = slices.DeleteFunc(l.lists, func(e *entry) bool {
		if e.about() || e.key != "" {
			return false
		}
		first := slices.IndexFunc(all, func(f *entry) bool { return f.field == e.field && f.about() })
		if first >= 0 {
			all[first].cells = append(all[first].cells, e.cells...)
		}
		return first >= 0
	})
	for field := range parts {
		l.sort(field)
	}
}

// sort orders the entries of a list by number, if all have one.
func (l *layout) sort(field string) {
	var own []*entry
	var at []int
	for i, e := range l.lists {
		if e.field != field {
			continue
		}
		if _, ok := (place{entry: e.key}).numbered(); !ok {
			return
		}
		own, at = append(own, e), append(at, i)
	}
	slices.SortStableFunc(own, func(a, b *entry) int {
		m, _ := place{entry: a.key}.numbered()
		n, _ := place{entry: b.key}.numbered()
		return m - n
	})
	for i, e := range own {
		l.lists[at[i]] = e
	}
}

// useful reports whether any column reaches a field of a contact; custom fields
// alone are no contact.
func (l *layout) useful() bool {
	return slices.ContainsFunc(l.report, func(m MappedColumn) bool {
		return m.Status == Mapped || m.Status == CustomField && m.By != ""
	})
}

// unknown lists the columns that nobody knows.
func (l *layout) unknown() []string {
	var at []string
	for _, m := range l.report {
		if m.Status == Unknown {
			at = append(at, fmt.Sprint(m.Column))
		}
	}
	return at
}

// hint names a column for people who look for it in a spreadsheet.
func (l *layout) hint(column int) string {
	header := l.report[column].Header
	if len(header) > maxHint || strings.ContainsFunc(header, func(r rune) bool { return r < ' ' }) {
		return fmt.Sprintf(" (column %d)", column+1)
	}
	return fmt.Sprintf(" (column %d, %s)", column+1, header)
}
