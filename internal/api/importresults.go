package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"crmferry/internal/contact"
	"crmferry/internal/imports"
	"crmferry/internal/imports/parse"
	"crmferry/internal/job"
)

// resultView is what became of one row.
type resultView struct {
	Line      int               `json:"line" doc:"Where the row begins in the file, from 1"`
	ClientRef string            `json:"client_ref,omitempty"`
	Status    imports.RowStatus `json:"status" enum:"pending,succeeded,failed,unknown,cancelled,skipped"`
	Outcome   job.Outcome       `json:"outcome,omitempty" enum:"created,matched,updated"`
	RemoteID  string            `json:"remote_id,omitempty"`
	Error     *jobError         `json:"error,omitempty"`
	Warnings  []contact.Warning `json:"warnings,omitempty"`
	Metadata  json.RawMessage   `json:"metadata,omitempty"`
	JobID     string            `json:"job_id,omitempty" doc:"The job that carried the row on, where it could not be settled at once"`
}

func resultOf(r imports.Result) resultView {
	return resultView{
		Line: r.Line, ClientRef: r.ClientRef, Status: r.Status, Outcome: r.Outcome, RemoteID: r.RemoteID, Error: errorOf(r.Error),
		Warnings: r.Warnings, Metadata: r.Metadata, JobID: r.JobID,
	}
}

// resultQuery selects results.
type resultQuery struct {
	status []imports.RowStatus
	line   int
	ref    string
	format string
}

// The ways to write results. The last is the file's own, of the rows alone: it
// can be posted back as it is.
const (
	resultsNDJSON   = "ndjson"
	resultsCSV      = "csv"
	resultsOriginal = "original"
)

func rowStatuses() []string {
	return []string{"pending", "succeeded", "failed", "unknown", "cancelled", "skipped"}
}

func parseResultQuery(r *http.Request) (q resultQuery, faults []FieldProblem) {
	q.format = resultsNDJSON
	fault := func(name, code, message string) {
		faults = append(faults, FieldProblem{Pointer: "query." + name, Code: code, Message: message})
	}
	values := r.URL.Query()
	for _, name := range sortedNames(values) {
		value := values[name][0]
		if len(values[name]) > 1 && name != "status" {
			fault(shownOption(name), codeRepeated, "may be given once")
			continue
		}
		switch name {
		case "status":
			for _, one := range strings.Split(strings.Join(values[name], ","), ",") {
				if !slices.Contains(rowStatuses(), one) {
					fault(name, codeInvalid, "must be of "+strings.Join(rowStatuses(), ", "))
				}
				q.status = append(q.status, imports.RowStatus(one))
			}
		case "line":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				fault(name, contact.CodeWrongType, "must be a line number from 1")
			}
			q.line = n
		case "client_ref":
			if q.ref = value; value == "" || len(value) > maxClientRef {
				fault(name, codeInvalid, "must be 1 to 128 bytes long")
			}
		case "format":
			if q.format = value; !slices.Contains([]string{resultsNDJSON, resultsCSV, resultsOriginal}, value) {
				fault(name, codeInvalid, "must be one of ndjson, csv, original")
			}
		default:
			fault(shownOption(name), codeInvalid, "is no option of this request")
		}
	}
	return q, faults
}

func (q resultQuery) match(o imports.Outcome) bool {
	return (len(q.status) == 0 || slices.Contains(q.status, o.Status)) && (q.line == 0 || q.line == o.Line) && (q.ref == "" || q.ref == o.ClientRef)
}

// importResults streams what became of the rows, in the order of the file.
func (s *server) importResults(c *gin.Context) {
	if !s.allow(c, ScopeResultsRead) {
		return
	}
	ctx := c.Request.Context()
	q, faults := parseResultQuery(c.Request)
	i, err := s.Imports.Get(ctx, principalOf(ctx).Tenant, c.Param("id"))
	if err == nil && len(faults) > 0 {
		err = invalidRequest(faults...)
	}
	if err != nil {
		s.refuse(c, asProblem(translate(err)))
		return
	}
	stop, release := s.whileOpen(ctx)
	defer release()
	if err := s.streamResults(stop, c, i, q); err != nil {
		s.breakOff(c, err)
	}
}

// rowWriter writes results one by one.
type rowWriter interface {
	write(o imports.Outcome) error
	end() error
}

func (s *server) streamResults(ctx context.Context, c *gin.Context, i imports.Import, q resultQuery) error {
	out := newPieces(c)
	w := q.writer(out, i)
	for o, err := range s.Imports.Outcomes(ctx, i, q.line) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err == nil && q.match(o) {
			err = w.write(o)
		}
		if err != nil {
			return err
		}
	}
	if err := w.end(); err != nil {
		return err
	}
	return out.send()
}

func (q resultQuery) writer(out *pieces, i imports.Import) rowWriter {
	media, ending := "application/x-ndjson", "ndjson"
	var w rowWriter
	switch q.format {
	case resultsCSV:
		media, ending, w = "text/csv; charset=utf-8", "csv", &csvResults{csv: csv.NewWriter(out)}
	case resultsOriginal:
		media, ending = originalMedia(i.Mapping.Format)
		w = &originalResults{parse.NewPostback(out, i.Mapping.Format, i.Preamble)}
	default:
		w = &jsonResults{out}
	}
	out.header.Set("Content-Type", media)
	out.header.Set("Content-Disposition", `attachment; filename="`+q.fileName(i)+"."+ending+`"`)
	return w
}

func originalMedia(f parse.Format) (media, ending string) {
	switch f {
	case parse.CSV:
		return f.MediaType() + "; charset=utf-8", "csv"
	case parse.VCard:
		return f.MediaType() + "; charset=utf-8", "vcf"
	default:
		return f.MediaType(), string(f)
	}
}

// fileName is that of the answer: imp_0197f7a2-failed.
func (q resultQuery) fileName(i imports.Import) string {
	name := i.ID
	for _, status := range q.status {
		name += "-" + string(status)
	}
	return name
}

type jsonResults struct{ out io.Writer }

func (w *jsonResults) write(o imports.Outcome) error { return writeJSONTo(w.out, resultOf(o.Result)) }
func (w *jsonResults) end() error                    { return nil }

func writeJSONTo(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

type csvResults struct {
	csv   *csv.Writer
	begun bool
}

func (w *csvResults) write(o imports.Outcome) error {
	if err := w.begin(); err != nil {
		return err
	}
	var failed jobError
	retryable := ""
	if e := errorOf(o.Error); e != nil {
		failed, retryable = *e, strconv.FormatBool(e.Retryable)
	}
	var warnings []string
	for _, one := range o.Warnings {
		warnings = append(warnings, strings.TrimSpace(one.Field+" "+one.Message))
	}
	cells := []string{
		strconv.Itoa(o.Line), o.ClientRef, string(o.Status), string(o.Outcome), o.RemoteID, string(failed.Kind), failed.Code, failed.Message,
		strings.Join(failed.Fields, " "), failed.RemoteID, retryable, strings.Join(warnings, "; "), string(o.Metadata), o.JobID,
	}
	for k := range cells[1:] {
		cells[k+1] = noFormula(cells[k+1])
	}
	return w.flush(w.csv.Write(cells))
}

func (w *csvResults) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	return w.csv.Write([]string{
		"line", "client_ref", "status", "outcome", "remote_id", "error_kind", "error_code", "error_message", "error_fields",
		"error_remote_id", "retryable", "warnings", "metadata", "job_id",
	})
}

func (w *csvResults) end() error { return w.flush(w.begin()) }

// flush empties the writer's own buffer: the one below sends pieces.
func (w *csvResults) flush(err error) error {
	if err != nil {
		return err
	}
	w.csv.Flush()
	return w.csv.Error()
}

// noFormula keeps a spreadsheet from taking a text for a formula.
func noFormula(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

type originalResults struct{ file *parse.Postback }

func (w *originalResults) write(o imports.Outcome) error {
	if o.Row == nil {
		return nil // rows that were carried across are not kept
	}
	return w.file.Add(o.Row.Raw)
}

func (w *originalResults) end() error { return w.file.Close() }
