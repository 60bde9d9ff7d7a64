package store

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"crmferry/internal/contact"
	"crmferry/internal/job"
)

// Testify keeps what a worker knows of the create of its attempt after it lost
// the job.
func (s *Store) Testify(ctx context.Context, j job.Job, proof *job.Result) error {
	var record []byte
	if proof != nil {
		var err error
		if record, err = json.Marshal(proof.Contact); err != nil {
			return err
		}
	}
	for range 5 {
		done, err := s.testify(ctx, j, proof, record)
		if done || err != nil {
			return err
		}
	}
	return job.ErrStale
}

// testify tries once; false when the job changed meanwhile.
func (s *Store) testify(ctx context.Context, j job.Job, proof *job.Result, record []byte) (bool, error) {
	stands, err := s.Get(ctx, j.Tenant, j.ID)
	if err != nil {
		return false, err
	}
	sh, _ := shardOf(j.ID)
	status := string(stands.Status)
	if proof != nil {
		stands = stands.Proven(j, *proof)
		if _, err := s.Own(ctx, j.AccountID, stands.RemoteID, j.ID); err != nil {
			return false, err
		}
	}
	w, err := written(stands, proof)
	if err != nil {
		return false, err
	}
	stands.Attempt = j.Attempt
	n, err := testifyScript.Run(ctx, s.redis, s.endKeys(sh, stands), append(s.endArgs(ctx, stands, w), record, status)...).Int()
	return n != 2, current(n, err)
}

// heard reads what workers knew that lost the job.
func heard(fields map[string]string, c *job.Claimed) (err error) {
	if raw := fields["absent"]; raw != "" {
		c.Absent, err = strconv.ParseInt(raw, 10, 64)
	}
	if raw := fields["proof"]; raw != "" {
		c.Proof = &contact.Contact{}
		err = errors.Join(err, unmarshal(raw, c.Proof))
	}
	return err
}
