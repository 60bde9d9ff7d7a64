package parse

import (
	"strconv"
	"strings"
)

// trace learns which column a part of the document came from.
type trace func(pointer string, column int)

// note tells of a scalar field, whose path is its pointer.
func (t trace) note(column int, field string) {
	if t != nil {
		t("/"+field, column)
	}
}

// noteEntry tells of the parts of the entry at an index of its list.
func (t trace) noteEntry(e *entry, at int) {
	if t == nil {
		return
	}
	for _, c := range e.cells {
		t("/"+e.field+"/"+strconv.Itoa(at)+"/"+c.place.part, c.columns[0])
	}
}

// build makes the document of one record.
func (l *layout) build(record []string, t trace) *document {
	d := &document{}
	for _, c := range l.scalars {
		if column, text := first(record, c.columns); text != "" {
			d.set(c.place, text)
			t.note(column, c.place.field)
		}
	}
	for _, c := range l.free {
		if _, text := first(record, c.columns); text != "" {
			d.setFree(c.place, text)
		}
	}
	for _, e := range l.lists {
		e.build(record, d, t)
	}
	d.compose()
	return d
}

// first returns the first text of the columns.
func first(record []string, columns []int) (int, string) {
	for _, c := range columns {
		if text := strings.TrimSpace(record[c]); text != "" {
			return c, text
		}
	}
	return 0, ""
}

// build adds to d what the entry's columns hold, which can be several entries.
func (e *entry) build(record []string, d *document, t trace) {
	if e.blank(record) {
		return
	}
	pieces, count := e.pieces(record)
	for k := range count {
		at := d.length(e.field)
		d.add(e.field, func(name string) string {
			text := piece(pieces, e.cells, name, k)
			if name != "type" {
				return text
			}
			if e.fixed != "" {
				return e.fixed
			}
			return typeOf(text)
		})
		if d.length(e.field) > at {
			t.noteEntry(e, at)
		}
	}
}

func (e *entry) blank(record []string) bool {
	for _, c := range e.cells {
		if _, text := first(record, c.columns); text != "" {
			return false
		}
	}
	return true
}

// pieces takes the cells apart; count is how many entries they make, which the
// part that the entry is about decides.
func (e *entry) pieces(record []string) (pieces [][]string, count int) {
	pieces = make([][]string, len(e.cells))
	for i, c := range e.cells {
		about := c.place.part == parts[e.field][0]
		switch {
		case e.field == "addresses":
			pieces[i] = strings.Split(joined(record, c), listMark)
		case about:
			_, text := first(record, c.columns)
			pieces[i] = several(e.field, text)
		default:
			_, text := first(record, c.columns)
			pieces[i] = strings.Split(text, listMark)
		}
		if about && e.field == tags {
			pieces[i] = tagNames(pieces[i])
		}
		if about || e.field == "addresses" {
			count = max(count, len(pieces[i]))
		}
	}
	return pieces, count
}

// joined is the text of a part that several columns hold.
func joined(record []string, c cell) string {
	if len(c.columns) == 1 {
		return record[c.columns[0]]
	}
	separator := ", "
	if c.place.part == "street_1" {
		separator = " " // house number and street
	}
	var texts []string
	for _, column := range c.columns {
		if text := strings.TrimSpace(record[column]); text != "" {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, separator)
}

// piece is the k-th value of a part. One type counts for all values.
func piece(pieces [][]string, cells []cell, part string, k int) string {
	for i, c := range cells {
		switch {
		case c.place.part != part:
		case k < len(pieces[i]):
			return strings.TrimSpace(pieces[i][k])
		case part == "type" && len(pieces[i]) == 1:
			return strings.TrimSpace(pieces[i][0])
		}
	}
	return ""
}
