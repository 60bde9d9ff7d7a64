package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

const createDoc = `Accepts one contact and answers at once: 202 with the job and where to find it. From then on the job
survives the death of any process. With Prefer: wait=N the answer is what became of it within N seconds: the contact (201
created, 200 matched or updated), a problem if it failed, or 202 if it is not over yet.

Fields that the CRM cannot hold, response-only fields and unknown query options are warnings on the job. Everything else that
is wrong is a problem, and nothing is stored.`

func (s *server) addContacts() {
	s.describeContact()
	add(s, ScopeContactsWrite, huma.Operation{
		OperationID: "create-contact", Method: http.MethodPost, Path: contactsPath, Tags: []string{tagContacts},
		Summary: "Create a contact", Description: createDoc, DefaultStatus: http.StatusAccepted,
		MaxBodyBytes: maxContactBody + 1, SkipValidateBody: true,
		Middlewares: huma.Middlewares{s.takeJSON(maxContactBody)},
		Responses:   s.createAnswers(),
		Errors:      []int{400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 502, 503, 504},
	}, s.create)
	op := s.huma.OpenAPI().Paths[contactsPath].Post
	op.RequestBody.Content[jsonMedia].Schema = named(contactRequestSchema)
}

func (s *server) createAnswers() map[string]*huma.Response {
	common := []string{jobIDHeader, appliedHeader, replayedHeader}
	return map[string]*huma.Response{
		"200": orVendorBody(answer("The CRM held the person already, and the record was matched or updated; with validate_only: the report",
			&huma.Schema{AnyOf: []*huma.Schema{named(contactSchema), schema[validation](s)}}, common...)),
		"201": orVendorBody(answer("The contact was created", named(contactSchema), common...)),
		"202": answer("The contact was accepted; its job", schema[jobView](s), append(common, "Location", "Retry-After")...),
	}
}
