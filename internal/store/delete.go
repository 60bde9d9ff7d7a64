package store

import (
	"context"
	"slices"

	"crmferry/internal/job"
)

// Delete removes a terminal job and everything about it.
func (s *Store) Delete(ctx context.Context, tenant, id string) error {
	j, err := s.Get(ctx, tenant, id)
	if err != nil {
		return err
	}
	if !j.Status.Terminal() {
		return job.ErrNotTerminal
	}
	sh, _ := shardOf(id)
	keys := []string{
		sh.job(id), sh.receipt(id), s.idemOr(sh, j.Base), sh.finished(tenant), sh.byTenant(tenant), sh.byAccount(j.AccountID),
		sh.prints(tenant, j.CreatedAt),
	}
	args := append([]any{id}, printMembers(id, slices.Concat(j.Prints, s.remotePrint(ctx, j)), false)...)
	return deleteScript.Run(ctx, s.redis, keys, args...).Err()
}
