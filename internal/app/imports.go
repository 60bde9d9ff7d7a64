package app

import (
	"context"

	"crmferry/internal/imports"
	"crmferry/internal/job"
	"crmferry/internal/store"
)

// starter makes the turns of imports.
func (h *house) starter() *imports.Starter {
	return &imports.Starter{Store: h.imports, Jobs: h.store, Line: h.pacing(), TurnID: store.TurnID}
}

func (h *house) newKeeper() *imports.Keeper {
	return &imports.Keeper{
		Shelf: h.imports, Jobs: h.store, Starter: h.starter(), RowJobID: store.RowJobID, Failed: h.failed("imports"),
		Ended: func(_ context.Context, i imports.Import) {
			h.log.Info("import over", "import", i.ID, "account", i.AccountID, "crm", i.CRM, "rows", i.Rows)
			h.hooks.ended(i.Tenant, i.CallbackURL)
		},
		Seen: h.hooks.saw,
	}
}

// turns carry imports on; r carries what is no row.
func (h *house) turns(r *job.Runner, k *imports.Keeper) *imports.Turns {
	rows := *r
	rows.Observer = rowObserver{h}
	return &imports.Turns{
		Book: h.imports, Jobs: records{h.store, k}, Accounts: h.accounts, CRMs: h.crms, Runner: &rows, RowJobID: store.RowJobID, Over: k.Over,
		Refs: imports.NewRefBook(h.imports, h.store.Prints()),
	}
}

// rowObserver counts what becomes of rows; their import tells the rest.
type rowObserver struct{ *house }

func (o rowObserver) Attempted(j job.Job, a job.Attempt) {
	kind := a.Result
	if a.Then == job.Succeeded {
		kind = ""
	}
	o.metrics.Attempt(j.CRM, kind)
}

func (o rowObserver) Finished(j job.Job) {
	kind := ""
	if j.Error != nil {
		kind = string(j.Error.Kind)
	}
	o.metrics.JobFinished(j.CRM, string(j.Status), kind)
}

// records is the store, from which imports hear of their rows.
type records struct {
	*store.Store
	keeper *imports.Keeper
}

// Testify may make an unknown job a succeeded one.
func (r records) Testify(ctx context.Context, j job.Job, proof *job.Result) error {
	err := r.Store.Testify(ctx, j, proof)
	if err == nil && proof != nil && j.Row != "" {
		if now, err := r.Get(ctx, j.Tenant, j.ID); err == nil && now.Status == job.Succeeded {
			r.keeper.Report(ctx, now)
		}
	}
	return err
}

// importService takes files in and steers imports.
func (h *house) importService(room job.Room) *imports.Service {
	return &imports.Service{
		Store: h.imports, Starter: h.starter(), NewID: store.NewImportID, Room: room, Failed: h.failed("imports"),
		Intake: &imports.Intake{
			Store: h.imports, Codec: imports.NewCodec(), Admit: func() error { return room.Admit(job.ManyRows) },
			Prints: imports.Prints{Keys: h.store.Prints()},
		},
	}
}
