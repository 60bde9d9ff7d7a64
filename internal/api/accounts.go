package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"crmferry/internal/account"
	"crmferry/internal/connector"
)

const accountsPath = "/integrated-accounts"

// AccountPath is the part of a path that names an account.
type AccountPath struct {
	ID string `path:"id" maxLength:"128" doc:"The account's id" example:"62f44730-dd91-461e-bd6a-aedd9e0ad79d"`
}

// accountRequest is what connects an account. Its meaning is checked by the
// Accounts, all at once; here it is only read.
type accountRequest struct {
	ID          string          `json:"id,omitempty" doc:"A UUID of your own choice; made if absent"`
	CRM         string          `json:"crm,omitempty" doc:"The CRM's id; GET /crms lists them" example:"hubspot"`
	Name        string          `json:"name,omitempty" doc:"Your own name for the account, up to 200 characters" example:"Acme production"`
	ExternalRef string          `json:"external_ref,omitempty" doc:"Your own reference, up to 200 characters" example:"cust-17"`
	Auth        json.RawMessage `json:"auth,omitempty" doc:"An object of scheme and its parameters; GET /crms/{crm} lists them. Write-only" example:"{\"scheme\":\"access_token\",\"access_token\":\"...\"}"`
	Settings    json.RawMessage `json:"settings,omitempty" doc:"An object of the CRM's settings; GET /crms/{crm} lists them" example:"{\"instance_url\":\"https://acme.example.com\"}"`
	Limits      *account.Limits `json:"limits,omitempty" doc:"Replaces the CRM's default pace for this account"`
}

// accountView is an account without its secrets.
type accountView struct {
	ID          string              `json:"id"`
	CRM         string              `json:"crm"`
	Name        string              `json:"name,omitempty"`
	ExternalRef string              `json:"external_ref,omitempty"`
	Status      account.Status      `json:"status" enum:"active,reauthorization_required,disabled"`
	Auth        accountAuth         `json:"auth"`
	Settings    map[string]string   `json:"settings"`
	Limits      *account.Limits     `json:"limits,omitempty"`
	Identity    *connector.Identity `json:"identity,omitempty" doc:"Who the account is in the CRM, as far as its check told"`
	CreatedAt   time.Time           `json:"created_at"`
	UpdatedAt   time.Time           `json:"updated_at"`
	CreatedBy   string              `json:"created_by,omitempty"`
}

// accountAuth tells the scheme alone: credentials are write-only.
type accountAuth struct {
	Scheme string `json:"scheme"`
}

func accountViewOf(a account.Account) accountView {
	v := accountView{
		ID: a.ID, CRM: a.CRM, Name: a.Name, ExternalRef: a.ExternalRef, Status: a.Status, Auth: accountAuth{a.Scheme},
		Settings: a.Settings, Limits: a.Limits, CreatedAt: a.CreatedAt.UTC(), UpdatedAt: a.UpdatedAt.UTC(), CreatedBy: a.CreatedBy,
	}
	if v.Settings == nil {
		v.Settings = map[string]string{}
	}
	if a.Identity != (connector.Identity{}) {
		v.Identity = &a.Identity
	}
	return v
}

type createAccountInput struct{ Body accountRequest }

type createAccountOutput struct {
	Location string `header:"Location"`
	Body     accountView
}

func (s *server) createAccount(ctx context.Context, in *createAccountInput) (*createAccountOutput, error) {
	principal, req := principalOf(ctx), in.Body
	a, err := s.Accounts.Create(ctx, principal.Tenant, principal.Name, account.CreateRequest{
		ID: req.ID, CRM: req.CRM, Name: req.Name, ExternalRef: req.ExternalRef,
		Auth: account.Opaque(req.Auth), Settings: account.Opaque(req.Settings), Limits: req.Limits,
	})
	if err != nil {
		return nil, err
	}
	return &createAccountOutput{Location: accountsPath + "/" + a.ID, Body: accountViewOf(a)}, nil
}

type listAccountsInput struct {
	CRM         string `query:"crm" maxLength:"64"`
	ExternalRef string `query:"external_ref" maxLength:"800"`
	Limit       int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor      string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before"`
}

type listAccountsOutput struct{ Body accountPage }

type accountPage struct {
	Result     []accountView `json:"result"`
	NextCursor *string       `json:"next_cursor" nullable:"true" doc:"null on the last page"`
}

func (s *server) listAccounts(ctx context.Context, in *listAccountsInput) (*listAccountsOutput, error) {
	filter := fmt.Sprintf("accounts %q %q", in.CRM, in.ExternalRef)
	cursor, err := openCursor(filter, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Accounts.List(ctx, principalOf(ctx).Tenant, account.Filter{
		CRM: in.CRM, ExternalRef: in.ExternalRef, Limit: in.Limit, Cursor: cursor,
	})
	if errors.Is(err, account.ErrCursor) {
		return nil, badCursor()
	}
	if err != nil {
		return nil, err
	}
	views := make([]accountView, len(list))
	for i, a := range list {
		views[i] = accountViewOf(a)
	}
	return &listAccountsOutput{accountPage{Result: views, NextCursor: closeCursor(filter, next)}}, nil
}

type getAccountInput struct{ AccountPath }

type getAccountOutput struct{ Body accountView }

func (s *server) getAccount(ctx context.Context, in *getAccountInput) (*getAccountOutput, error) {
	a, err := s.Accounts.Get(ctx, principalOf(ctx).Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	return &getAccountOutput{accountViewOf(a)}, nil
}

type deleteAccountInput struct{ AccountPath }

func (s *server) deleteAccount(ctx context.Context, in *deleteAccountInput) (*struct{}, error) {
	return nil, s.Accounts.Delete(ctx, principalOf(ctx).Tenant, in.ID)
}

type checkAccountInput struct{ AccountPath }

type checkAccountOutput struct{ Body accountCheck }

// accountCheck says that the CRM took the credentials.
type accountCheck struct {
	OK       bool               `json:"ok"`
	Identity connector.Identity `json:"identity" doc:"Whose the credentials are; empty where the CRM does not tell"`
}

func (s *server) checkAccount(ctx context.Context, in *checkAccountInput) (*checkAccountOutput, error) {
	who, err := s.Accounts.Check(ctx, principalOf(ctx).Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	return &checkAccountOutput{accountCheck{OK: true, Identity: who}}, nil
}

func (s *server) addAccounts() {
	add(s, ScopeAccountsWrite, huma.Operation{
		OperationID: "connect-account", Method: "POST", Path: accountsPath, Tags: []string{tagAccounts},
		Summary: "Connect an integrated account", DefaultStatus: 201, MaxBodyBytes: maxAccountBody + 1,
		Description: "Stores the credentials sealed. They are never given back; check asks the CRM whether it takes them.",
		Middlewares: huma.Middlewares{s.takeJSON(maxAccountBody)},
		Errors:      []int{400, 401, 403, 409, 413, 415, 422},
	}, s.createAccount)
	add(s, ScopeAccountsRead, huma.Operation{
		OperationID: "list-accounts", Method: "GET", Path: accountsPath, Tags: []string{tagAccounts},
		Summary: "List integrated accounts", RejectUnknownQueryParameters: true, Errors: []int{401, 403, 422},
	}, s.listAccounts)
	add(s, ScopeAccountsRead, huma.Operation{
		OperationID: "get-account", Method: "GET", Path: accountsPath + "/{id}", Tags: []string{tagAccounts},
		Summary: "Show an integrated account", Errors: []int{401, 403, 404},
	}, s.getAccount)
	add(s, ScopeAccountsWrite, huma.Operation{
		OperationID: "delete-account", Method: "DELETE", Path: accountsPath + "/{id}", Tags: []string{tagAccounts},
		Summary: "Remove an integrated account and its credentials", DefaultStatus: 204, Errors: []int{401, 403, 404},
	}, s.deleteAccount)
	add(s, ScopeAccountsWrite, huma.Operation{
		OperationID: "check-account", Method: "POST", Path: accountsPath + "/{id}/check", Tags: []string{tagAccounts},
		Summary:     "Ask the CRM whether it takes the account's credentials",
		Description: "Makes the cheapest authenticated call of the CRM. A refusal is a problem with its kind.",
		Errors:      []int{401, 403, 404, 409, 502, 503, 504},
	}, s.checkAccount)
}
