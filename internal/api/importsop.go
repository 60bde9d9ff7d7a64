package api

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"crmferry/internal/imports/parse"
)

const importDoc = `Takes a file of contacts in and answers at once with an import, which carries each row across at the pace that the CRM
allows. Nothing is sent before the whole file has arrived: an upload that breaks off leaves nothing running. An Idempotency-Key makes
the upload safe to repeat. With validate_only=true nothing is stored, and the answer is a report.

The body is the file itself, or a form (multipart/form-data) with the file in the field "file" and, before it, options as in the
query. NDJSON, a JSON array, CSV as Google, Outlook, HubSpot, Salesforce, Pipedrive and people write it, and vCards are read; each
may be packed with gzip, up to 4 GiB unpacked, a row up to 1 MiB. The file is read as it arrives: it may take as long as it needs
while bytes come in.

Every row is held against what the CRM and the account demand, as a single contact is. Rows that cannot be accepted fail, each with
its reason, and keep the others from nothing. Where the file itself cannot be read further, the answer is a problem, and the import
has failed.`

// addImports adds the routes for files. They stand beside huma, which reads
// bodies whole.
func (s *server) addImports(routes *gin.RouterGroup) {
	routes.POST(importsPath, s.postImport)
	op := &huma.Operation{
		OperationID: "create-import", Method: http.MethodPost, Path: importsPath, Tags: []string{tagImports},
		Summary: "Import a file of contacts", Description: importDoc,
		Security:   []map[string][]string{{securityScheme: scopesOf(ScopeContactsWrite)}},
		Parameters: importParams(),
		RequestBody: &huma.RequestBody{Required: true, Description: "The file, packed with gzip or not",
			Content: s.importBodies()},
		Responses: map[string]*huma.Response{
			"200": answer("The report, with validate_only", schema[importReport](s)),
			"202": answer("The import", schema[importView](s), "Location", "Retry-After", replayedHeader),
		},
	}
	for _, status := range []int{400, 401, 403, 404, 408, 409, 413, 415, 422, 500, 503} {
		op.Responses[strconv.Itoa(status)] = problemAnswer(status)
	}
	s.huma.OpenAPI().AddOperation(op)
}

func importParams() []*huma.Param {
	text := &huma.Schema{Type: huma.TypeString}
	one := func(name, doc string, s *huma.Schema) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: doc, Schema: s}
	}
	among := func(usual any, list ...any) *huma.Schema {
		return &huma.Schema{Type: huma.TypeString, Enum: list, Default: usual}
	}
	count := func(least float64) *huma.Schema { return &huma.Schema{Type: huma.TypeInteger, Minimum: &least} }
	account := one(optionAccount, "The integrated account that the file is for", &huma.Schema{Type: huma.TypeString, Format: "uuid"})
	only := one(optionValidateOnly, "Checks the file, stores nothing and answers with a report", &huma.Schema{Type: huma.TypeBoolean})
	account.Required = true
	columns := one(optionColumns, "columns[Header]=field maps a CSV column to a field, such as first_name, email_addresses/0/email, "+
		"phone_numbers/mobile, custom_fields/Shoe size or client_ref; an empty field leaves the column out",
		&huma.Schema{Type: huma.TypeObject, AdditionalProperties: text})
	columns.Style, columns.Explode = "deepObject", new(true)
	return []*huma.Param{
		account, only, columns,
		one(optionUnknown, "What becomes of columns, properties and members that no contact has. Without it, they are faults in JSON, and elsewhere the mapping tells of them", among(nil, "fail", "warn", "custom_field")),
		one(optionDelimiter, "What divides the columns of a CSV file, one character or tab; found out without it", text),
		one(optionEncoding, "The encoding of the text, by its WHATWG name; found out without it", text),
		one(optionWorkspace, "The workspace (location, space, board) to write into, for CRMs that have them; overrides the account's setting", text),
		one(optionDuplicate, "What to do if the CRM holds a person already; GET /crms/{crm} lists what it can do", among("fail", "fail", "return_existing", "update")),
		one(optionInvalid, "What becomes of a file with invalid rows: those rows fail and the others go, or the file is rejected", among("skip", "skip", "reject")),
		one(optionChanged, "What becomes of a row whose client_ref an earlier import carried across with other content", among("fail", "fail", "update")),
		one(optionMaxFailed, "Pauses the import when so many rows failed; 0: never. Without it, when nine tenths of the first 500 failed with one code", count(0)),
		one(optionStopAfter, "Pauses the import when so many rows were taken up", count(1)),
		one(optionStart, "manual: the import waits, ready, for POST /imports/{id}/start, and shows what it would do", among("auto", "auto", "manual")),
		one(optionExpires, "How long the import may take: 720h, 30m, or seconds; rows that are left then fail", text),
		one(optionCallback, "A URL of yours that is told how the import ends and when it is paused, signed with your callback secret; see POST /callback-secret", text),
		{Name: idempotencyHeader, In: "header", Description: "Makes the upload safe to repeat: the same key, account, file and options give the same import", Schema: text},
		{Name: "Content-Encoding", In: "header", Description: "How the body is packed", Schema: among(nil, "gzip", "identity")},
	}
}

// importBodies describes a row of each format, as far as a schema can.
func (s *server) importBodies() map[string]*huma.MediaType {
	lines := func(doc string) *huma.MediaType {
		return &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: doc}}
	}
	return map[string]*huma.MediaType{
		parse.NDJSON.MediaType(): lines("One contact as a JSON object in each line, as for a single create"),
		parse.JSON.MediaType():   {Schema: &huma.Schema{Type: huma.TypeArray, Items: named(contactRequestSchema)}},
		parse.CSV.MediaType():    lines("The first line names the columns"),
		parse.VCard.MediaType():  lines("Cards of version 2.1, 3.0 or 4.0, one after another"),
		formMedia: {Schema: &huma.Schema{
			Type: huma.TypeObject, Required: []string{"file"}, AdditionalProperties: true,
			Description: "Options stand before the file",
			Properties: map[string]*huma.Schema{
				"file": {Type: huma.TypeString, Format: "binary", Description: "The file; its name tells the format if its own Content-Type does not"},
			},
		}},
	}
}
