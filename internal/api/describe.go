package api

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"crmferry/internal/contact"
)

// The groups of the documents.
const (
	tagContacts = "Contacts"
	tagJobs     = "Jobs"
	tagAccounts = "Integrated accounts"
	tagCRMs     = "CRMs"
	tagWebhooks = "Webhooks"
	tagHealth   = "Health"

	securityScheme = "bearer"
	schemaPrefix   = "#/components/schemas/"
)

const introduction = `Ferry writes contacts into CRMs. A create is answered at once with a job (202); the job's
contact is carried across at the pace that the CRM allows, never twice. Poll the job, wait for it with
Prefer: wait=N, or send the create itself with Prefer: wait=N to get the contact as the answer.

Every error is a problem document (application/problem+json, RFC 9457) that never repeats a value of the
request. Every answer carries X-Request-Id, yours or ours. Lists are paged by limit and cursor. Times are
RFC 3339 in UTC. Members that do not apply are left out.`

// info is the head of the OpenAPI document.
func (s *server) info() *huma.OpenAPI {
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: "Ferry", Version: s.Version, Description: introduction},
		Tags: []*huma.Tag{
			{Name: tagContacts, Description: "Write a contact into a CRM."},
			{Name: tagJobs, Description: "What became of it."},
			{Name: tagImports, Description: "Files of many contacts."},
			{Name: tagAccounts, Description: "The connections to CRMs, with their credentials."},
			{Name: tagCRMs, Description: "What each CRM can do."},
			{Name: tagWebhooks, Description: "Signed events about contacts and imports (Standard Webhooks): at least once, in no order."},
			{Name: tagHealth, Description: "For probes; without a token."},
		},
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry(schemaPrefix, schemaName),
			SecuritySchemes: map[string]*huma.SecurityScheme{
				securityScheme: {Type: "http", Scheme: "bearer", Description: "An API token of this service."},
			},
		},
	}
}

// schemaName names our views after what they show.
func schemaName(t reflect.Type, hint string) string {
	name := strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "View")
	if rest, ok := strings.CutPrefix(name, "Crm"); ok {
		return "CRM" + rest
	}
	return name
}

// schema gives a reference to the schema of T.
func schema[T any](s *server) *huma.Schema {
	return s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}

func named(name string) *huma.Schema { return &huma.Schema{Ref: schemaPrefix + name} }

const (
	contactSchema        = "Contact"
	contactRequestSchema = "ContactRequest"
)

// describeContact adds the schemas of a contact as it is sent and as it comes
// back, made from the type itself.
func (s *server) describeContact() {
	schema[contact.Contact](s)
	all := s.huma.OpenAPI().Components.Schemas.Map()
	answered := all[contactSchema]
	request := &huma.Schema{
		Type:       huma.TypeObject,
		Properties: map[string]*huma.Schema{},
		Description: "A contact. null, blank strings, {} and [] count as absent. A list may be given as its single entry, and " +
			"an e-mail, phone, URL, tag, account or owner as a bare string. The full name fills first and last name, and the " +
			"other way round. What the chosen CRM requires is in GET /crms/{crm}.",
		AdditionalProperties: false,
	}
	for _, f := range contact.Readable() {
		answered.Properties[string(f)].Description = fieldDoc(f)
	}
	for _, f := range contact.Writable() {
		request.Properties[string(f)] = answered.Properties[string(f)]
	}
	for name, property := range extraProperties() {
		request.Properties[name] = property
	}
	answered.Properties[string(contact.RemoteData)] = &huma.Schema{Description: "The CRM's own body, unless left out"}
	answered.Description = "A contact as the CRM holds it. Absent fields are left out; normalized has every field, null where absent."
	all[contactRequestSchema] = request
}

// extraProperties are what a create's body takes beside the fields.
func extraProperties() map[string]*huma.Schema {
	text := func(doc string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: doc} }
	object := func(doc string) *huma.Schema {
		return &huma.Schema{Type: huma.TypeObject, Description: doc, AdditionalProperties: true}
	}
	alias := func(doc string) *huma.Schema { return &huma.Schema{Description: doc, Deprecated: true} }
	return map[string]*huma.Schema{
		string(contact.RemoteData): object("Merged as it is into the body that the CRM receives"),
		"metadata":                 object("Yours: up to 2,048 bytes, echoed on the job"),
		"client_ref":               text("Your own name for the contact, up to 128 bytes"),
		"job_title":                alias("The same as title"),
		"phone_number":             alias("The same as phone_numbers"),
		"phone_numbesr":            alias("The same as phone_numbers"),
	}
}

func fieldDoc(f contact.Field) string {
	return map[contact.Field]string{
		contact.ID:             "The contact's id in the CRM",
		contact.Title:          "The job title",
		contact.Account:        "The company that the contact belongs to",
		contact.Owner:          "The CRM's user who looks after the contact",
		contact.CustomFields:   "Custom fields by their name in the CRM; also as a string that holds such an object",
		contact.CreatedAt:      "When the contact was created; few CRMs let it be set",
		contact.UpdatedAt:      "When the contact was changed last",
		contact.LastActivityAt: "When the CRM last noted an activity",
		contact.ETag:           "The CRM's version of the contact",
		contact.Addresses:      "Postal addresses; country is a name or an ISO 3166-1 code",
	}[f]
}

// answer describes an answer with a JSON body and headers.
func answer(doc string, body *huma.Schema, headers ...string) *huma.Response {
	r := &huma.Response{Description: doc, Headers: map[string]*huma.Header{}}
	if body != nil {
		r.Content = map[string]*huma.MediaType{jsonMedia: {Schema: body}}
	}
	for _, name := range headers {
		r.Headers[name] = &huma.Header{Description: headerDoc(name), Schema: &huma.Schema{Type: huma.TypeString}}
	}
	return r
}

func headerDoc(name string) string {
	return map[string]string{
		"Location":     "Where the job is",
		"Retry-After":  "When to look again, in seconds",
		"ETag":         "Names this state of the job",
		appliedHeader:  "The wait that was honoured",
		replayedHeader: "true if an earlier request with the same key made the job",
		jobIDHeader:    "The job's id",
	}[name]
}

// orVendorBody adds that raw and stream answer the CRM's body instead.
func orVendorBody(r *huma.Response) *huma.Response {
	r.Content["*/*"] = &huma.MediaType{Schema: &huma.Schema{Description: "With raw and stream: the CRM's own body and content type"}}
	return r
}

// describeHealth documents the routes outside huma.
func (s *server) describeHealth() {
	up := schema[health](s)
	for path, doc := range map[string]string{healthPath: "Is the process alive?", readyPath: "Can requests be served?"} {
		responses := map[string]*huma.Response{"200": answer("Yes", up)}
		if path == readyPath {
			responses["503"] = problemAnswer(http.StatusServiceUnavailable)
		}
		s.huma.OpenAPI().AddOperation(&huma.Operation{
			OperationID: strings.TrimPrefix(path, "/"), Method: http.MethodGet, Path: path, Tags: []string{tagHealth},
			Summary: doc, Responses: responses, Security: []map[string][]string{},
		})
	}
}

func problemAnswer(status int) *huma.Response {
	return &huma.Response{
		Description: http.StatusText(status),
		Content:     map[string]*huma.MediaType{problemMedia: {Schema: named("Problem")}},
	}
}
