// Package app wires the packages together: what the two programs run.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"crmferry/internal/account"
	"crmferry/internal/config"
	"crmferry/internal/connector"
	"crmferry/internal/imports"
	"crmferry/internal/job"
	"crmferry/internal/pace"
	"crmferry/internal/queue"
	"crmferry/internal/redisconn"
	"crmferry/internal/store"
	"crmferry/internal/telemetry"
	"crmferry/internal/transport"
	"crmferry/internal/vendors"
)

// house is everything that both programs stand on.
type house struct {
	config   config.Config
	log      *slog.Logger
	metrics  *telemetry.Metrics
	db       *database
	store    *store.Store
	imports  *store.Imports
	keeper   *imports.Keeper
	queue    *queue.Queue
	client   *connector.Client
	pacer    *pace.Pacer
	mover    *job.Mover
	accounts *account.Service
	crms     *vendors.Catalogue
	memory   *collecting
	hooks    *hooks
}

// taskTimeout bounds one attempt with all its calls; each call has its own.
const taskTimeout = 5 * time.Minute

// build connects to everything. Logs go to out.
func build(ctx context.Context, c config.Config, out io.Writer) (*house, error) {
	h := &house{
		config: c, memory: newCollecting(), crms: vendors.NewCatalogue(),
		log: telemetry.NewLogger(out, c.LogLevel), metrics: telemetry.NewMetrics(),
	}
	redisconn.LogTo(h.log)
	var slugs []string
	for _, spec := range h.crms.All() {
		slugs = append(slugs, spec.ID)
	}
	if err := c.CheckCRMs(slugs); err != nil {
		return nil, err
	}
	key, err := masterKey(c)
	if err != nil {
		return nil, err
	}
	sealer, err := account.NewSealer(key.Reveal())
	if err != nil {
		return nil, fmt.Errorf("FERRY_MASTER_KEY: %w", err)
	}
	if h.db, err = openRedis(ctx, c, h.log); err != nil {
		return nil, err
	}
	h.store = store.New(h.db, store.Options{ResultTTL: c.ResultTTL, ReceiptTTL: c.ReceiptTTL, Sealer: sealer})
	h.imports = h.store.Imports()
	if err := checkKey(ctx, h.store.Accounts(), sealer); err != nil {
		h.close()
		return nil, err
	}
	h.queue = queue.New(h.db, taskTimeout)
	h.mover = &job.Mover{Records: h.store, Queue: h.queue, Failed: h.failed("waiting lines")}
	h.pacer = pace.New(h.db, pace.Options{
		CallTimeout: c.CRMTimeout, Backlog: c.AccountBacklog, Admitted: h.mover.Move, Failed: h.failed("pace"),
	})
	h.client = connector.NewClient(h.transport(), func(crm string) *url.URL { return c.CRMBaseURLs[crm] }, nil).Paced(h.pacer)
	h.accounts = account.NewService(account.Deps{
		Store: h.store.Accounts(), Sealer: sealer, Catalogue: h.crms, Prober: account.SessionProber{Client: h.client},
	})
	h.hooks = h.newHooks(sealer)
	h.keeper = h.newKeeper()
	return h, nil
}

// failed logs errors of what goes on in the background.
func (h *house) failed(what string) func(error) {
	return func(err error) { h.log.Error(what, "error", err.Error()) }
}

func (h *house) pacing() pacing {
	return pacing{h.pacer, h.accounts, &gauges{read: h.store.TenantOpen}, h.config.TenantBacklog}
}

func (h *house) close() {
	h.pacer.Close()
	_ = h.store.Close()
	h.db.close()
}

// checkKey stops the start when the master key is not the one that the stored
// credentials were sealed with.
func checkKey(ctx context.Context, accounts *store.Accounts, sealer *account.Sealer) error {
	fresh, err := sealer.SealCheck()
	if err != nil {
		return err
	}
	kept, err := accounts.SealCheck(ctx, fresh)
	if err != nil {
		return err
	}
	if err := sealer.OpenCheck(kept); err != nil {
		return errors.New("FERRY_MASTER_KEY is not the key with which this Redis's credentials were sealed; nothing was changed")
	}
	return nil
}

func (h *house) transport() *transport.Client {
	return transport.New(transport.Options{
		AllowPrivate: h.config.AllowPrivate, Timeout: h.config.CRMTimeout, UserAgent: "Ferry/1 (+https://github.com/crmferry)",
		Observe: func(e transport.Exchange) {
			crm, op, _ := strings.Cut(e.Label, "/")
			h.metrics.CRMRequest(crm, op, e.Status, string(e.Reason), e.Elapsed)
			h.log.Debug("crm call", "crm", crm, "op", op, "host", e.Host, "status", e.Status, "reason", string(e.Reason),
				"sent", e.Sent, "reused", e.Reused, "ms", e.Elapsed.Milliseconds())
		},
	})
}

// runner carries jobs across until stopping is closed.
func (h *house) runner(stopping <-chan struct{}) *job.Runner {
	r := &job.Runner{
		Records: records{h.store, h.keeper}, Accounts: h.accounts, CRMs: h.crms, Client: h.client, Line: h.pacing(),
		Policy: job.DefaultPolicy(), Timing: job.DefaultTiming(h.config.CRMTimeout),
		Observer: observer{h.log, h.metrics, h.keeper, h.hooks}, Spread: rand.Float64, Held: job.NewHeld(), Stopping: stopping,
		Together: job.NewCoalescer(goAlone),
	}
	r.Turns = h.turns(r, h.keeper)
	return r
}

// goAlone is how many creates of an account go out each by itself before those
// that wait go together: few enough to matter under load, and more than an
// account has at other times.
const goAlone = 16

func newKey() string { return uuid.NewString() }

// observer turns what the Runner does into metrics and one log line an attempt.
type observer struct {
	log     *slog.Logger
	metrics *telemetry.Metrics
	keeper  *imports.Keeper
	hooks   *hooks
}

func (o observer) Attempted(j job.Job, a job.Attempt) {
	kind, level := a.Result, slog.LevelInfo
	if a.Then == job.Succeeded {
		kind, level = "", slog.LevelDebug
	}
	o.metrics.Attempt(j.CRM, kind)
	o.log.Log(context.Background(), level, "attempt", "job", j.ID, "account", j.AccountID, "crm", j.CRM, "attempt", a.Number,
		"step", a.Step, "result", a.Result, "code", a.Code, "remote_status", a.Remote, "then", string(a.Then),
		"waiting_for", string(a.Waiting), "ms", a.EndedAt.Sub(a.StartedAt).Milliseconds())
}

func (o observer) Finished(j job.Job) {
	kind := ""
	if j.Error != nil {
		kind = string(j.Error.Kind)
	}
	o.metrics.JobFinished(j.CRM, string(j.Status), kind)
	o.keeper.Report(context.Background(), j)
	o.hooks.ended(j.Tenant, j.CallbackURL)
}
