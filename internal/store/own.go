package store

import "context"

// Own claims a remote record for a job.
func (s *Store) Own(ctx context.Context, account, remoteID, jobID string) (bool, error) {
	owner, err := ownScript.Run(ctx, s.redis, []string{ownKey(account, remoteID)}, jobID, ownFor.Milliseconds()).Text()
	return owner == jobID, err
}

// Owners tells which jobs hold which remote records.
func (s *Store) Owners(ctx context.Context, account string, remoteIDs []string) (map[string]string, error) {
	keys := make([]string, len(remoteIDs))
	for i, id := range remoteIDs {
		keys[i] = ownKey(account, id)
	}
	values, err := s.redis.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, err
	}
	owners := map[string]string{}
	for i, v := range values {
		if owner, ok := v.(string); ok {
			owners[remoteIDs[i]] = owner
		}
	}
	return owners, nil
}
