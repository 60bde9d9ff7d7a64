package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"crmferry/internal/account"
	"crmferry/internal/connector"
	"crmferry/internal/job"
	"crmferry/internal/pace"
)

// Pace tells how an account stands with its CRM's limits.
type Pace interface {
	// Outlook estimates when a job that waits in line begins and ends, and says
	// what for it waits; zero times where it is not in line any more.
	Outlook(ctx context.Context, a account.Account, spec *connector.Spec, j job.Job) (begins, ends time.Time, what job.WaitingFor, err error)
	State(ctx context.Context, a account.Account, spec *connector.Spec) (pace.State, error)
}

// paceView is how an account stands with its CRM's limits.
type paceView struct {
	AccountID   string          `json:"integrated_account_id"`
	CRM         string          `json:"crm"`
	SharedBy    connector.Scope `json:"shared_by" enum:"account,app,ip" doc:"Who shares the limits: this account alone, all accounts of one OAuth client, or all accounts of the CRM"`
	Windows     []paceWindow    `json:"windows" doc:"Calls allowed in any stretch of time"`
	Quotas      []paceQuota     `json:"quotas" doc:"Calls allowed per period"`
	Concurrency paceConcurrency `json:"concurrency"`
	Frozen      *paceFreeze     `json:"frozen,omitempty" doc:"No call is made until then"`
	Backlog     paceBacklog     `json:"backlog"`
	NextCallAt  time.Time       `json:"next_call_at" doc:"When the next call may begin"`
	Recovering  bool            `json:"recovering" doc:"After an outage of the CRM one call at a time is tried"`
	Refusals    int64           `json:"limited_answers" doc:"How often the CRM refused a call for its pace"`
}

// paceWindow is one window of calls.
type paceWindow struct {
	Op         string  `json:"op,omitempty" doc:"The kind of call that has this budget of its own"`
	Requests   int     `json:"requests" doc:"Allowed at present; what the CRM tells may lower it"`
	PerSeconds float64 `json:"per_seconds"`
	Used       int     `json:"used"`
	Left       int     `json:"left"`
}

// paceQuota is one quota.
type paceQuota struct {
	Period   connector.Period `json:"period" enum:"day,month,rolling_24h"`
	Requests int              `json:"requests,omitempty" doc:"Absent where only the CRM knows and has not told"`
	Used     int              `json:"used"`
	Left     *int             `json:"left,omitempty" doc:"After the reserve"`
	Reserved int              `json:"reserved" doc:"Left to the customer's other software"`
	ResetsAt time.Time        `json:"resets_at,omitzero"`
}

// paceConcurrency is how many calls are out at once.
type paceConcurrency struct {
	Limit int `json:"limit,omitempty" doc:"Absent for no limit"`
	InUse int `json:"in_use"`
}

// paceFreeze says why no calls are made.
type paceFreeze struct {
	Until  time.Time      `json:"until"`
	Reason job.WaitingFor `json:"reason" enum:"pace,quota,vendor_down"`
}

// paceBacklog is what waits.
type paceBacklog struct {
	Waiting          int64   `json:"waiting" doc:"Jobs in the account's line"`
	PerSecond        float64 `json:"jobs_per_second,omitempty" doc:"What the pace allows at best"`
	EstimatedSeconds float64 `json:"estimated_wait_seconds" doc:"Until a job that came now would begin"`
}

func paceViewOf(a account.Account, spec *connector.Spec, s pace.State) paceView {
	v := paceView{
		AccountID: a.ID, CRM: a.CRM, SharedBy: spec.Limits.Scope, Windows: []paceWindow{}, Quotas: []paceQuota{},
		Concurrency: paceConcurrency{s.Concurrency, s.Calls}, NextCallAt: s.NextAt, Recovering: s.Trial, Refusals: s.Refusals,
		Backlog: paceBacklog{Waiting: s.Waiting, PerSecond: s.PerSecond},
	}
	if v.SharedBy == "" {
		v.SharedBy = connector.PerAccount
	}
	for _, w := range s.Windows {
		if !w.Quota {
			v.Windows = append(v.Windows, paceWindow{w.Op, w.Requests, w.Per.Seconds(), w.Used, max(0, w.Requests-w.Used)})
		}
	}
	for _, q := range s.Quotas {
		v.Quotas = append(v.Quotas, paceQuotaOf(q, s.Windows))
	}
	if !s.FrozenUntil.IsZero() {
		v.Frozen = &paceFreeze{s.FrozenUntil, job.WaitingFor(s.FrozenFor)}
	}
	v.Backlog.EstimatedSeconds = s.Wait(s.Waiting).Seconds()
	return v
}

// paceQuotaOf shows a quota. A rolling one is counted by a window, until the
// CRM tells its own count.
func paceQuotaOf(q pace.QuotaState, windows []pace.WindowState) paceQuota {
	v := paceQuota{Period: q.Period, Requests: q.Requests, Used: q.Used, Reserved: q.Reserved, ResetsAt: q.ResetsAt}
	if q.Period == connector.Rolling24 {
		v.ResetsAt = time.Time{}
		for _, w := range windows {
			if w.Quota && q.Requests == 0 {
				v.Requests, v.Used = w.Requests, w.Used
			}
		}
	}
	if v.Requests > 0 {
		left := max(0, v.Requests-v.Reserved-v.Used)
		v.Left = &left
	}
	return v
}

type limitsInput struct{ AccountPath }

type limitsOutput struct{ Body paceView }

func (s *server) getLimits(ctx context.Context, in *limitsInput) (*limitsOutput, error) {
	a, spec, err := s.Accounts.Describe(ctx, principalOf(ctx).Tenant, in.ID)
	if err != nil {
		return nil, err
	}
	state, err := s.Pace.State(ctx, a, spec)
	if err != nil {
		return nil, err
	}
	return &limitsOutput{paceViewOf(a, spec, state)}, nil
}

// foreseen is the job with what can be told of its wait in line. Where nobody
// can tell, it is shown as it is stored.
func (s *server) foreseen(ctx context.Context, j job.Job) (job.Job, time.Time) {
	if j.Place != job.InLine {
		return j, j.NextAttemptAt
	}
	a, spec, err := s.Accounts.Describe(ctx, j.Tenant, j.AccountID)
	if err != nil {
		return j, time.Time{}
	}
	begins, ends, what, err := s.Pace.Outlook(ctx, a, spec, j)
	if err != nil || begins.IsZero() {
		return j, time.Time{}
	}
	j.NextAttemptAt, j.WaitingFor = begins, what
	return j, ends
}

func (s *server) addLimits() {
	add(s, ScopeAccountsRead, huma.Operation{
		OperationID: "get-account-limits", Method: "GET", Path: accountsPath + "/{id}/limits", Tags: []string{tagAccounts},
		Summary:     "Show how an account stands with its CRM's limits",
		Description: "What is used and left of each limit, what waits, and when the next call may begin. All workers together keep to it.",
		Errors:      []int{401, 403, 404},
	}, s.getLimits)
}
