package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
)

const crmsPath = "/crms"

type listCRMsOutput struct{ Body crmList }

type crmList struct {
	Result     []crmView `json:"result"`
	NextCursor *string   `json:"next_cursor" nullable:"true" doc:"null: all CRMs fit one page"`
}

func (s *server) listCRMs(context.Context, *struct{}) (*listCRMsOutput, error) {
	specs := s.Catalogue.All()
	views := make([]crmView, len(specs))
	for i, spec := range specs {
		views[i] = crmViewOf(spec)
	}
	return &listCRMsOutput{crmList{Result: views}}, nil
}

type getCRMInput struct {
	CRM string `path:"crm" maxLength:"64" example:"hubspot"`
}

type getCRMOutput struct{ Body crmView }

func (s *server) getCRM(_ context.Context, in *getCRMInput) (*getCRMOutput, error) {
	spec, ok := s.Catalogue.Lookup(in.CRM)
	if !ok {
		return nil, problem(problemNotFound, "There is no such CRM; GET /crms lists them.")
	}
	return &getCRMOutput{crmViewOf(spec)}, nil
}

func (s *server) addCRMs() {
	add(s, anyToken, huma.Operation{
		OperationID: "list-crms", Method: "GET", Path: crmsPath, Tags: []string{tagCRMs},
		Summary: "List the CRMs and what they can do", RejectUnknownQueryParameters: true, Errors: []int{401, 422},
	}, s.listCRMs)
	add(s, anyToken, huma.Operation{
		OperationID: "get-crm", Method: "GET", Path: crmsPath + "/{crm}", Tags: []string{tagCRMs},
		Summary: "Show what a CRM can do", Errors: []int{401, 404},
	}, s.getCRM)
}
