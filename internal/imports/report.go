// Package imports checks files of contacts. It holds what can be said of a file
// without a CRM, a store or a network.
package imports

import (
	"context"
	"encoding/json"

	"crmferry/internal/contact"
	"crmferry/internal/imports/parse"
)

// What a report shows of a file, however long it is.
const (
	maxErrors   = 100
	maxSample   = 20
	maxExamples = 20
	// maxShown is how many bytes of rows are enough.
	maxShown = 64 << 10
)

// Verdict is what a CRM has to say of one contact.
type Verdict struct {
	Problems []contact.Problem
	Warnings []contact.Warning
	// LookUp: the CRM is asked for the person before the contact is written.
	LookUp bool
}

// Report tells what would become of a file. It holds values of valid rows only,
// in Sample.
type Report struct {
	Format    parse.Format         `json:"format" enum:"ndjson,json,csv,vcard" doc:"How the file is written"`
	Encoding  string               `json:"encoding" doc:"The encoding of the text, as it was found or told" example:"utf-8"`
	Delimiter string               `json:"delimiter,omitempty" doc:"What divides the columns of a CSV file"`
	Program   string               `json:"program,omitempty" doc:"Whose export the file is most like" example:"google"`
	Mapping   []parse.MappedColumn `json:"mapping" doc:"What becomes of each column of a CSV file, or of each property of vCards"`
	Rows      Rows                 `json:"rows"`
	Errors    []RowError           `json:"errors" doc:"The first 100 faults of rows, in the order of the file"`
	ByCode    []ErrorCount         `json:"errors_by_code" doc:"All faults of rows, the most frequent first"`
	Warnings  []WarningCount       `json:"warnings" doc:"What would not be honoured: of the request first, then of the valid rows, the most frequent first"`
	Repeated  Duplicates           `json:"duplicates" doc:"Valid rows that share an e-mail address or client_ref with an earlier one"`
	Sample    []Sample             `json:"sample" doc:"The first 20 valid rows as they would be written"`

	lookUps int
}

// Rows counts the contacts of a file.
type Rows struct {
	Total   int `json:"total"`
	Valid   int `json:"valid"`
	Invalid int `json:"invalid"`
}

// RowError is one fault of a row. It never holds the value.
type RowError struct {
	Line      int    `json:"line" doc:"Where the row begins in the file, from 1"`
	ClientRef string `json:"client_ref,omitempty"`
	Pointer   string `json:"pointer" doc:"A JSON Pointer into the row's contact; empty for the row as a whole"`
	Code      string `json:"code" doc:"The fault, for programs"`
	Message   string `json:"message" doc:"The fault, for people"`
}

// Sample is one row as it would be written.
type Sample struct {
	Line      int             `json:"line"`
	ClientRef string          `json:"client_ref,omitempty"`
	Contact   json.RawMessage `json:"contact"`
}

// Check reads a file to its end and holds every row against check. Its memory
// does not grow with the file. The error is the file's *parse.Error, or that of
// ctx; there is no report then.
func Check(ctx context.Context, in *parse.Reader, check func(contact.Input) Verdict) (*Report, error) {
	c := newChecker(check)
	for row, err := range in.Rows() {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			_, err = c.row(row)
		}
		if err != nil {
			return nil, err
		}
	}
	return c.finish(in.Mapping()), nil
}

func newChecker(check func(contact.Input) Verdict) *checker {
	return &checker{report: &Report{Errors: []RowError{}, Sample: []Sample{}}, check: check, known: newKnown()}
}

// checker is a report in the making.
type checker struct {
	report   *Report
	check    func(contact.Input) Verdict
	errors   tally
	warnings tally
	known    *known
	shown    int // bytes of the sample
}

// row takes a row into the report, and gives what is wrong with it.
func (c *checker) row(row parse.Row) ([]contact.Problem, error) {
	c.report.Rows.Total++
	if row.Invalid != nil {
		c.invalid(row, row.Invalid.Problems)
		return row.Invalid.Problems, nil
	}
	verdict := c.check(row.Input)
	if len(verdict.Problems) > 0 {
		c.invalid(row, verdict.Problems)
		return verdict.Problems, nil
	}
	c.report.Rows.Valid++
	if verdict.LookUp {
		c.report.lookUps++
	}
	c.warn(row.Warnings)
	c.warn(verdict.Warnings)
	c.known.add(row)
	return nil, c.sample(row)
}

func (c *checker) invalid(row parse.Row, problems []contact.Problem) {
	c.report.Rows.Invalid++
	for _, p := range problems {
		c.errors.add(p.Code, p.Pointer, "")
		if len(c.report.Errors) < maxErrors {
			c.report.Errors = append(c.report.Errors, RowError{row.Line, row.ClientRef, p.Pointer, p.Code, p.Message})
		}
	}
}

func (c *checker) warn(warnings []contact.Warning) {
	for _, w := range warnings {
		c.warnings.add(w.Code, w.Field, w.Message)
	}
}

func (c *checker) sample(row parse.Row) error {
	if len(c.report.Sample) == maxSample || c.shown > maxShown {
		return nil
	}
	shown, err := contact.Render(row.Input.Contact, contact.Unified, nil, nil)
	c.shown += len(shown)
	c.report.Sample = append(c.report.Sample, Sample{row.Line, row.ClientRef, shown})
	return err
}

func (c *checker) finish(m parse.Mapping) *Report {
	r := c.report
	r.Format, r.Encoding, r.Delimiter, r.Program = m.Format, m.Encoding, m.Delimiter, m.Program
	r.Mapping = append([]parse.MappedColumn{}, m.Columns...)
	r.ByCode, r.Warnings = []ErrorCount{}, []WarningCount{}
	for _, t := range c.errors.sorted() {
		r.ByCode = append(r.ByCode, ErrorCount{t.code, t.place, t.count})
	}
	for _, t := range c.warnings.sorted() {
		r.Warnings = append(r.Warnings, WarningCount{t.place, t.code, t.message, t.count})
	}
	r.Repeated = c.known.found
	return r
}
