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
	"time"

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
			q.ref = value
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
	w := s.resultWriter(c, i, q.format)
	if err := s.streamResults(stop, i, q, w); err != nil {
		exchangeOf(ctx).cause = err
		panic(http.ErrAbortHandler) // the client must not take it for the whole
	}
}

// rowWriter writes results one by one.
type rowWriter interface {
	write(o imports.Outcome) error
	end() error
	flush() error
}

// flushEvery is after how many rows a reader is given what there is.
const flushEvery = 500

func (s *server) streamResults(ctx context.Context, i imports.Import, q resultQuery, w rowWriter) error {
	n := 0
	for o, err := range s.Imports.Outcomes(ctx, i) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if !q.match(o) {
			continue
		}
		if err := w.write(o); err != nil {
			return err
		}
		if n++; n%flushEvery == 0 {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	if err := w.end(); err != nil {
		return err
	}
	return w.flush()
}

// chunkTime is how long a reader may take for what it is given at a time.
const chunkTime = 30 * time.Second

// flusher passes on what was written, to readers that take it in time.
type flusher struct {
	http    gin.ResponseWriter
	control *http.ResponseController
}

func (f flusher) flush() error {
	if err := f.control.Flush(); err != nil {
		return err
	}
	return f.control.SetWriteDeadline(time.Now().Add(chunkTime))
}

func (s *server) resultWriter(c *gin.Context, i imports.Import, format string) rowWriter {
	f := flusher{c.Writer, http.NewResponseController(c.Writer)}
	_ = f.control.SetWriteDeadline(time.Now().Add(chunkTime))
	media, ending := "application/x-ndjson", "ndjson"
	var w rowWriter
	switch format {
	case resultsCSV:
		media, ending, w = "text/csv; charset=utf-8", "csv", &csvResults{flusher: f, csv: csv.NewWriter(c.Writer)}
	case resultsOriginal:
		media, ending = i.Mapping.Format.MediaType()+"; charset=utf-8", string(i.Mapping.Format)
		w = &originalResults{flusher: f, file: parse.NewPostback(c.Writer, i.Mapping.Format, i.Preamble)}
	default:
		w = &jsonResults{flusher: f, out: c.Writer}
	}
	c.Header("Content-Type", media)
	c.Header("Content-Disposition", `attachment; filename="`+i.ID+"."+ending+`"`)
	c.Status(http.StatusOK)
	return w
}

type jsonResults struct {
	flusher
	out io.Writer
}

func (w *jsonResults) write(o imports.Outcome) error { return writeJSONTo(w.out, resultOf(o.Result)) }
func (w *jsonResults) end() error                    { return nil }

func writeJSONTo(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

type csvResults struct {
	flusher
	csv   *csv.Writer
	begun bool
}

func (w *csvResults) write(o imports.Outcome) error {
	if err := w.begin(); err != nil {
		return err
	}
	kind, code, message, fields := "", "", "", ""
	if e := o.Error; e != nil {
		kind, code, message, fields = string(e.Kind), e.Code, e.Message, strings.Join(e.Fields, " ")
	}
	var warnings []string
	for _, one := range o.Warnings {
		warnings = append(warnings, strings.TrimSpace(one.Field+" "+one.Message))
	}
	cells := []string{
		strconv.Itoa(o.Line), o.ClientRef, string(o.Status), string(o.Outcome), o.RemoteID, kind, code, message, fields,
		strings.Join(warnings, "; "), o.JobID,
	}
	for k := range cells[1:] {
		cells[k+1] = noFormula(cells[k+1])
	}
	return w.csv.Write(cells)
}

func (w *csvResults) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	return w.csv.Write([]string{
		"line", "client_ref", "status", "outcome", "remote_id", "error_kind", "error_code", "error_message", "error_fields", "warnings", "job_id",
	})
}

func (w *csvResults) end() error { return w.begin() }

func (w *csvResults) flush() error {
	if w.csv.Flush(); w.csv.Error() != nil {
		return w.csv.Error()
	}
	return w.flusher.flush()
}

// noFormula keeps a spreadsheet from taking a text for a formula.
func noFormula(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

type originalResults struct {
	flusher
	file *parse.Postback
}

func (w *originalResults) write(o imports.Outcome) error {
	if o.Row == nil {
		return nil // rows that were carried across are not kept
	}
	return w.file.Add(o.Row.Raw)
}

func (w *originalResults) end() error { return w.file.Close() }
