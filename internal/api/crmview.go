package api

import (
	"slices"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/job"
)

// crmView is what a CRM can do, told from its Spec.
type crmView struct {
	ID                 string              `json:"id" example:"hubspot"`
	Name               string              `json:"name" example:"HubSpot"`
	Docs               string              `json:"docs" doc:"The vendor's reference for creating a contact"`
	Fields             crmFields           `json:"fields"`
	Schemes            []crmScheme         `json:"schemes" doc:"The ways to authenticate; one of them is needed"`
	Settings           []crmSetting        `json:"settings" doc:"What an account of this CRM can or must be given"`
	Workspace          string              `json:"workspace,omitempty" doc:"The setting that workspace[id] overrides"`
	Limits             crmLimits           `json:"limits" doc:"The pace that the CRM allows; an account may be given another"`
	BatchSize          int                 `json:"batch_size" doc:"How many contacts one call can carry"`
	DuplicateDetection connector.Detection `json:"duplicate_detection" enum:"native,lookup,none" doc:"native: the CRM refuses duplicates; lookup: they are looked for when on_duplicate asks for it"`
	DuplicateNote      string              `json:"duplicate_note,omitempty"`
	OnDuplicate        []job.OnDuplicate   `json:"on_duplicate" doc:"The values that work for this CRM"`
	Idempotency        crmIdempotency      `json:"idempotency" doc:"What makes repeating a create harmless"`
	UnknownOutcome     crmUnknown          `json:"unknown_outcome" doc:"What is done when a request was sent and its answer did not arrive"`
}

type crmFields struct {
	Request  map[contact.Field]crmField `json:"request" doc:"What can be written"`
	Response map[contact.Field]crmField `json:"response" doc:"What comes back"`
}

type crmField struct {
	Supported bool   `json:"supported"`
	Required  bool   `json:"required"`
	Note      string `json:"note,omitempty"`
}

type crmScheme struct {
	Scheme     string     `json:"scheme" example:"access_token"`
	Parameters []crmParam `json:"parameters"`
	Note       string     `json:"note,omitempty"`
}

type crmParam struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Secret   bool   `json:"secret"`
}

type crmSetting struct {
	Key      string `json:"key" example:"instance_url"`
	Label    string `json:"label,omitempty"`
	Help     string `json:"help,omitempty"`
	Required bool   `json:"required"`
	Format   string `json:"format,omitempty" doc:"A regular expression that the whole value must match"`
	Default  string `json:"default,omitempty"`
	Example  string `json:"example,omitempty"`
}

type crmLimits struct {
	Windows     []crmWindow     `json:"windows"`
	Quotas      []crmQuota      `json:"quotas"`
	Concurrency int             `json:"concurrency,omitempty" doc:"Calls at the same time"`
	SharedBy    connector.Scope `json:"shared_by" enum:"account,app,ip" doc:"Who shares the budget"`
}

type crmWindow struct {
	Requests   int     `json:"requests"`
	PerSeconds float64 `json:"per_seconds"`
	For        string  `json:"for,omitempty" doc:"The kind of call that has this budget of its own"`
}

type crmQuota struct {
	Requests int              `json:"requests"`
	Period   connector.Period `json:"period" enum:"day,month,rolling_24h"`
}

type crmIdempotency struct {
	Kind        string  `json:"kind" enum:"none,key_header,client_id,external_key,unique_field"`
	LifeSeconds float64 `json:"life_seconds,omitempty" doc:"How long the CRM remembers a key; absent: for ever"`
}

// crmUnknown says how it is found out whether a contact was stored.
type crmUnknown struct {
	ResolvedBy []string        `json:"resolved_by" doc:"idempotency: the create is repeated without harm; lookup: the contact is looked for. Empty: the job ends as unknown"`
	LookupBy   []contact.Field `json:"lookup_by" doc:"The fields by which the contact can be found, in the order of preference"`
	LagSeconds float64         `json:"lag_seconds,omitempty" doc:"How long after a write an empty look-up proves nothing"`
}

func crmViewOf(spec *connector.Spec) crmView {
	v := crmView{
		ID: spec.ID, Name: spec.Name, Docs: spec.Docs, Fields: fieldsOf(spec), Schemes: schemesOf(spec),
		Settings: settingsOf(spec), Workspace: spec.Workspace, Limits: limitsOf(spec.Limits), BatchSize: 1,
		DuplicateDetection: spec.Duplicates.Detection, DuplicateNote: spec.Duplicates.Note, OnDuplicate: choices(spec),
		Idempotency:    crmIdempotency{Kind: "none", LifeSeconds: spec.Idempotency.Life.Seconds()},
		UnknownOutcome: unknownOf(spec),
	}
	if v.DuplicateDetection == "" {
		v.DuplicateDetection = connector.DetectNone
	}
	if spec.Idempotency.Kind != connector.NoIdempotency {
		v.Idempotency.Kind = string(spec.Idempotency.Kind)
	}
	if spec.Batch != nil {
		v.BatchSize = spec.Batch.Max
	}
	return v
}

func fieldsOf(spec *connector.Spec) crmFields {
	out := crmFields{Request: map[contact.Field]crmField{}, Response: map[contact.Field]crmField{}}
	for _, f := range contact.Writable() {
		out.Request[f] = crmField{
			Supported: slices.Contains(spec.Fields.Accepts, f),
			Required:  slices.Contains(spec.Fields.Requires, f),
			Note:      spec.Fields.Notes[f],
		}
	}
	for _, f := range contact.Readable() {
		supported := f == contact.ID || slices.Contains(spec.Fields.Returns, f)
		out.Response[f] = crmField{Supported: supported, Required: f == contact.ID}
	}
	out.Request[contact.RemoteData] = crmField{Supported: true, Note: spec.Fields.Notes[contact.RemoteData]}
	out.Response[contact.RemoteData] = crmField{Supported: true}
	return out
}

func schemesOf(spec *connector.Spec) []crmScheme {
	out := make([]crmScheme, len(spec.Schemes))
	for i, s := range spec.Schemes {
		out[i] = crmScheme{Scheme: s.ID, Note: s.Note, Parameters: []crmParam{}}
		for _, p := range s.Params() {
			out[i].Parameters = append(out[i].Parameters, crmParam{Name: p.Key, Required: p.Required, Secret: p.Secret})
		}
	}
	return out
}

func settingsOf(spec *connector.Spec) []crmSetting {
	out := make([]crmSetting, len(spec.Settings))
	for i, s := range spec.Settings {
		out[i] = crmSetting{
			Key: s.Key, Label: s.Label, Help: s.Help, Required: s.Required, Format: s.Format, Default: s.Default, Example: s.Example,
		}
	}
	return out
}

func limitsOf(l connector.Limits) crmLimits {
	out := crmLimits{Windows: []crmWindow{}, Quotas: []crmQuota{}, Concurrency: l.Concurrency, SharedBy: l.Scope}
	if out.SharedBy == "" {
		out.SharedBy = connector.PerAccount
	}
	for _, w := range l.Windows {
		out.Windows = append(out.Windows, crmWindow{Requests: w.Requests, PerSeconds: w.Per.Seconds(), For: w.For})
	}
	for _, q := range l.Quotas {
		out.Quotas = append(out.Quotas, crmQuota{Requests: q.Requests, Period: q.Period})
	}
	return out
}

func unknownOf(spec *connector.Spec) crmUnknown {
	out := crmUnknown{ResolvedBy: []string{}, LookupBy: []contact.Field{}}
	if spec.Idempotency.Kind != connector.NoIdempotency {
		out.ResolvedBy = append(out.ResolvedBy, "idempotency")
	}
	if len(spec.Find) > 0 {
		out.ResolvedBy = append(out.ResolvedBy, "lookup")
	}
	var lag time.Duration
	for _, f := range spec.Find {
		lag = max(lag, f.Lag)
		if !f.Marker && !slices.Contains(out.LookupBy, f.By) {
			out.LookupBy = append(out.LookupBy, f.By)
		}
	}
	out.LagSeconds = lag.Seconds()
	return out
}
