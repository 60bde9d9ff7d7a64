package api

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

const (
	oneImport  = importsRoot + "/{id}"
	tagImports = "Imports"
)

// addImportReads adds the routes that show imports.
func (s *server) addImportReads() {
	add(s, ScopeJobsRead, huma.Operation{
		OperationID: "list-imports", Method: http.MethodGet, Path: importsRoot, Tags: []string{tagImports}, Summary: "List imports",
		Description: "Newest first. The imports come without their reports.",
		Errors:      []int{401, 403, 422}, RejectUnknownQueryParameters: true,
	}, s.listImports)
	add(s, ScopeJobsRead, huma.Operation{
		OperationID: "get-import", Method: http.MethodGet, Path: oneImport, Tags: []string{tagImports}, Summary: "Show an import",
		Description: "How far it is, and what was found in its file. Waits until it is over or paused if that is asked for.",
		Responses: map[string]*huma.Response{
			"200": answer("The import", schema[importView](s), "ETag", "Retry-After", appliedHeader),
			"304": answer("The import is as it was under the ETag that was sent", nil, "ETag", "Retry-After"),
		},
		Errors: []int{401, 403, 404},
	}, s.getImport)
}

// addImportActions adds the routes that steer imports.
func (s *server) addImportActions() {
	steer := func(name, summary, doc string, change importChange) {
		add(s, ScopeContactsWrite, huma.Operation{
			OperationID: name + "-import", Method: http.MethodPost, Path: oneImport + "/" + name, Tags: []string{tagImports},
			Summary: summary, Description: doc, Errors: []int{401, 403, 404, 409},
		}, s.steered(change))
	}
	steer("start", "Start an import that is ready", "", s.Imports.Start)
	steer("pause", "Pause an import", "Rows that are under way end; no others are begun.", s.Imports.Pause)
	steer("resume", "Let a paused import go on", "The rule that paused it does not hold it up again.", s.Imports.Resume)
	steer("cancel", "Cancel an import", "202 while rows are under way: those end first, the others are cancelled.", s.Imports.Cancel)
	add(s, ScopeContactsWrite, huma.Operation{
		OperationID: "retry-import", Method: http.MethodPost, Path: oneImport + "/retry", Tags: []string{tagImports},
		Summary: "Make a new import of the rows that failed", DefaultStatus: http.StatusAccepted,
		Description: "The new import has retry_of. Rows that succeeded are not touched; those that ended unknown are left alone unless accept_duplicate_risk=true.",
		Errors:      []int{401, 403, 404, 409, 503},
	}, s.retryImport)
	add(s, ScopeContactsWrite, huma.Operation{
		OperationID: "delete-import", Method: http.MethodDelete, Path: oneImport, Tags: []string{tagImports},
		Summary: "Delete an import that is over, with its results", DefaultStatus: http.StatusNoContent,
		Errors: []int{401, 403, 404, 409},
	}, s.deleteImport)
}

// addImportStreams adds the routes that stand beside huma, which does not
// stream.
func (s *server) addImportStreams(routes *gin.RouterGroup) {
	routes.GET(importsRoot+"/:id/results", s.importResults)
	routes.GET(importsRoot+"/:id/events", s.importEvents)
	text := &huma.Schema{Type: huma.TypeString}
	id := &huma.Param{Name: "id", In: "path", Required: true, Description: "The import's id", Schema: text}
	query := func(name, doc string, enum ...any) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: huma.TypeString, Enum: enum}}
	}
	results := &huma.Operation{
		OperationID: "get-import-results", Method: http.MethodGet, Path: oneImport + "/results", Tags: []string{tagImports},
		Summary: "Stream what became of the rows",
		Description: "In the order of the file, whatever state the import is in; rows without a result are pending. " +
			"format=original gives the rows themselves, as they came, in the file's own format: with status=failed a file of what failed, which can be posted back as it is. " +
			"Rows that succeeded are not kept and left out of it. An answer that cannot be completed breaks off. " +
			"In csv, a cell that a spreadsheet would take for a formula has ' before it; ndjson and csv are for reading, not for posting back.",
		Security: []map[string][]string{{securityScheme: scopesOf(ScopeResultsRead)}},
		Parameters: []*huma.Param{
			id, query("status", "Rows of these states, a comma list of "+strings.Join(rowStatuses(), ", ")), query("line", "The row that begins in this line"),
			query("client_ref", "Rows with this client_ref"), query("format", "How they are written", "ndjson", "csv", "original"),
		},
		Responses: map[string]*huma.Response{"200": {Description: "The results", Content: map[string]*huma.MediaType{
			"application/x-ndjson": {Schema: schema[resultView](s)}, "text/csv": {Schema: text},
		}}},
	}
	events := &huma.Operation{
		OperationID: "watch-import", Method: http.MethodGet, Path: oneImport + "/events", Tags: []string{tagImports},
		Summary: "Follow an import by server-sent events",
		Description: "An event progress with the import whenever something changed, at most twice a second, and an event end when it is over. Last-Event-ID is understood: " +
			"a state that was seen is not sent again, and an import that is over as it was seen is answered with 204.",
		Security: []map[string][]string{{securityScheme: scopesOf(ScopeJobsRead)}},
		Parameters: []*huma.Param{id, {
			Name: "Last-Event-ID", In: "header", Description: "The id of the event that was seen last", Schema: text,
		}},
		Responses: map[string]*huma.Response{
			"200": {Description: "The events", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: text}}},
			"204": {Description: "The import is over, as Last-Event-ID saw it"},
		},
	}
	for _, op := range []*huma.Operation{results, events} {
		for _, status := range []int{401, 403, 404, 422, 500} {
			op.Responses[strconv.Itoa(status)] = problemAnswer(status)
		}
		s.huma.OpenAPI().AddOperation(op)
	}
}
