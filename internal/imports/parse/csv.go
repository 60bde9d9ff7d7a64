package parse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"crmferry/internal/contact"
)

// sheet reads the records of a CSV file.
type sheet struct {
	*source
	splitter splitter
	layout   *layout
	opening  string // what stands before the first row
	refused  *Error // by the header, for Rows to say

	raw      []byte
	record   []string
	document bytes.Buffer
}

// openCSV reads the header.
func openCSV(s *source, o Options) (*sheet, error) {
	sh := &sheet{source: s}
	header, err := sh.header(o)
	if err != nil {
		return nil, err
	}
	line := s.line - bytes.Count(sh.raw, []byte{s.end})
	if sh.layout, err = layOut(header, o); err != nil {
		return nil, at(err, line)
	}
	sh.refused = sh.refuse(header, o, line)
	return sh, nil
}

func at(err error, line int) error {
	var own *Error
	if errors.As(err, &own) && own.Line == 0 {
		own.Line = line
	}
	return err
}

// header returns the first record, and settles the delimiter by it.
func (sh *sheet) header(o Options) ([]string, error) {
	for {
		start := sh.line
		first, err := sh.appendLine(sh.raw[:0], start)
		if errors.Is(err, io.EOF) {
			return nil, fail(CodeEmptyFile, 0, "The file is empty.")
		}
		if err != nil {
			return nil, err
		}
		sh.raw = first
		text := trimEnd(first)
		if said, ok := separatorLine(text); ok && sh.opening == "" {
			o.Delimiter, sh.opening = said, string(text)+"\n"
			continue
		}
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		sh.splitter.delimiter = o.Delimiter
		if o.Delimiter == 0 {
			sh.splitter.delimiter = delimiterOf(text)
		}
		if sh.record, err = sh.finish(start); err != nil {
			return nil, err
		}
		sh.preserve(o)
		return slices.Clone(sh.record), nil
	}
}

// preserve keeps the header's own text, and beside it a delimiter that a later
// reader would not find out by itself.
func (sh *sheet) preserve(o Options) {
	header := sh.text(sh.raw)
	if sh.opening == "" && o.Delimiter != 0 && delimiterOf([]byte(header)) != o.Delimiter {
		sh.opening = "sep=" + string(o.Delimiter) + "\n"
	}
	sh.opening += header + "\n"
}

// refuse tells why rows under this header cannot be read, if so. It is said
// with the rows, so that the mapping can be looked at before.
func (sh *sheet) refuse(header []string, o Options, line int) *Error {
	if other := betterDelimiter(header, sh.splitter.delimiter, sh.raw); other != 0 {
		return fail(CodeWrongDelimiter, line, fmt.Sprintf("The columns are divided by %s, not by %s.", spell(other), spell(sh.splitter.delimiter)))
	}
	if !sh.layout.useful() {
		message := "No column is known; the first line must name the columns, as first_name or Email do."
		if bytes.IndexByte(sh.raw, '@') >= 0 {
			message = "The first line seems to hold a contact; it must name the columns."
		}
		return fail(CodeNoKnownColumn, line, message)
	}
	if unknown := sh.layout.unknown(); o.Unknown == contact.UnknownFail && len(unknown) > 0 {
		return fail(CodeUnknownColumn, line, "No contact has what these columns are called: "+strings.Join(unknown, ", ")+
			". Map them, or send on_unknown_field=warn or custom_field.")
	}
	return nil
}

// finish reads on to the end of the record whose first line is in raw.
func (sh *sheet) finish(start int) ([]string, error) {
	sh.splitter.reset()
	sh.splitter.feed(sh.raw)
	for sh.splitter.open() {
		before := len(sh.raw)
		var err error
		sh.raw, err = sh.appendLine(sh.raw, start)
		var own *Error
		switch {
		case errors.Is(err, io.EOF), errors.As(err, &own) && own.Code == CodeLineTooLong:
			return nil, fail(CodeUnclosedQuote, start, "A quote is opened in the row that begins here, and never closed.")
		case err != nil:
			return nil, err
		}
		sh.splitter.feed(sh.raw[before:])
	}
	return sh.splitter.fields(sh.record[:0]), nil
}

func (sh *sheet) next() (Row, error) {
	if sh.refused != nil {
		return Row{}, sh.refused
	}
	for {
		start := sh.line
		var err error
		if sh.raw, err = sh.appendLine(sh.raw[:0], start); err != nil {
			return Row{}, err
		}
		if sh.record, err = sh.finish(start); err != nil {
			return Row{}, err
		}
		if !slices.ContainsFunc(sh.record, func(s string) bool { return strings.TrimSpace(s) != "" }) {
			continue // what spreadsheets leave of rows that were cleared
		}
		return sh.row(start)
	}
}

func (sh *sheet) row(line int) (Row, error) {
	raw, width := sh.text(sh.raw), sh.layout.width
	row := Row{Line: line, Raw: raw}
	switch {
	case !utf8.ValidString(raw):
		row.Invalid = invalid(contact.CodeInvalidUTF8, "is not valid "+utf8Name)
		row.Invalid.Status = http.StatusBadRequest
		return row, nil
	case len(sh.record) < width || slices.ContainsFunc(sh.record[width:], func(s string) bool { return strings.TrimSpace(s) != "" }):
		row.Invalid = invalid(CodeRaggedRow, fmt.Sprintf("has %d fields where the header has %d columns", len(sh.record), width))
		return row, nil
	}
	d := sh.layout.build(sh.record, nil)
	sh.document.Reset()
	if err := d.encode(&sh.document); err != nil {
		return Row{}, err
	}
	row = rowOf(line, raw, sh.document.Bytes(), contact.UnknownFail)
	for i, p := range d.PhoneNumbers {
		if rounded.MatchString(p.Number) && row.Invalid == nil {
			row.Input = contact.Input{}
			row.Invalid = invalid(contact.CodeInvalidPhone, "has been rounded by a spreadsheet")
			row.Invalid.Problems[0].Pointer = fmt.Sprintf("/phone_numbers/%d/number", i)
		}
	}
	sh.blame(row.Invalid)
	return row, nil
}

// blame adds to each problem the column that it stands in.
func (sh *sheet) blame(why *contact.Invalid) {
	if why == nil {
		return
	}
	from := map[string]int{}
	sh.layout.build(sh.record, func(pointer string, column int) { from[pointer] = column })
	for i := range why.Problems {
		if column, ok := from[why.Problems[i].Pointer]; ok {
			why.Problems[i].Message += sh.layout.hint(column)
		}
	}
}

func (sh *sheet) describe(m *Mapping) {
	m.Delimiter, m.Program, m.Columns = string(sh.splitter.delimiter), sh.layout.program, sh.layout.report
}

func (sh *sheet) preamble() string { return sh.opening }

func (sh *sheet) none() *Error {
	return fail(CodeHeaderOnly, 0, "The file holds the names of columns, and no row.")
}
