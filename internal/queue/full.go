package queue

import (
	"context"
	"strings"
)

// probe is a list that never exists, on the same node as the lane's tasks.
const probe = "asynq:{" + string(Contacts) + "}:ferry:room"

// Full says whether Redis is over its maxmemory, where it refuses all that
// asynq does. It asks for the very thing, a write, but one without effect:
// that holds whatever the server hides of its memory, and on a Cluster for the
// node that counts.
func (q *Queue) Full(ctx context.Context) (bool, error) {
	err := q.redis.LPushX(ctx, probe, "").Err()
	if refused(err) {
		return true, nil
	}
	return false, err
}

// refused says whether err is Redis's word that it is full. asynq gives errors
// on as text.
func refused(err error) bool { return err != nil && refusal(err.Error()) }

func refusal(text string) bool { return strings.Contains(text, "OOM command not allowed") }
