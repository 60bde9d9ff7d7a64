package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/fault"
	"crmferry/internal/job"
)

// receipt is what is kept of a job after its body's retention.
type receipt struct {
	Tenant    string      `json:"t"`
	Account   string      `json:"a"`
	CRM       string      `json:"c"`
	Status    job.Status  `json:"s"`
	Outcome   job.Outcome `json:"o,omitempty"`
	RemoteID  string      `json:"r,omitempty"`
	Kind      fault.Kind  `json:"k,omitempty"`
	Created   int64       `json:"b"` // milliseconds
	Finished  int64       `json:"f"`
	ClientRef string      `json:"x,omitempty"`
	Prints    []byte      `json:"p,omitempty"`
}

func receiptOf(j job.Job, prints []byte) []byte {
	r := receipt{
		Tenant: j.Tenant, Account: j.AccountID, CRM: j.CRM, Status: j.Status, Outcome: j.Outcome, RemoteID: j.RemoteID,
		Created: j.CreatedAt.UnixMilli(), Finished: j.FinishedAt.UnixMilli(), ClientRef: j.ClientRef, Prints: prints,
	}
	if j.Error != nil {
		r.Kind = j.Error.Kind
	}
	raw, _ := json.Marshal(r) // strings and numbers: cannot fail
	return raw
}

func (s *Store) fromReceipt(ctx context.Context, sh shard, tenant, id string) (job.Job, error) {
	raw, err := s.redis.Get(ctx, sh.receipt(id)).Result()
	if errors.Is(err, redis.Nil) {
		return job.Job{}, job.ErrNotFound
	}
	if err != nil {
		return job.Job{}, err
	}
	var r receipt
	if err := unmarshal(raw, &r); err != nil {
		return job.Job{}, err
	}
	if r.Tenant != tenant {
		return job.Job{}, job.ErrNotFound
	}
	j := job.Job{
		Base:   job.Base{ID: id, Tenant: r.Tenant, AccountID: r.Account, CRM: r.CRM, ClientRef: r.ClientRef, CreatedAt: milli(r.Created), Prints: r.Prints},
		State:  job.State{FinishedAt: milli(r.Finished), Outcome: r.Outcome, RemoteID: r.RemoteID},
		Status: r.Status,
	}
	if r.Kind != "" {
		j.Error = fault.New(r.Kind, "past_retention", "the details are past their retention")
	}
	return j, nil
}

func milli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
