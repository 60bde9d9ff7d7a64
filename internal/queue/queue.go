// Package queue hands jobs to workers through asynq; it is the only package
// that knows asynq. Delivery is at least once and may be late or lost: the
// job's record, its epoch and the reaper make up for it. Nothing is left to
// asynq's retries of days, its archive, its retention or its unique locks.
package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"crmferry/internal/job"
)

// Lane is one asynq queue with servers of its own.
type Lane string

// The lanes.
const Contacts Lane = "contacts"

const taskType = "job"

// payloadVersion is the version of task payloads that this release writes.
const payloadVersion = 1

// payload is all that a task holds: ids, never contact data.
type payload struct {
	Version int    `json:"v"`
	Job     string `json:"j"`
	Epoch   int64  `json:"e"`
	Account string `json:"a"`
	CRM     string `json:"c"`
}

// Queue enqueues tasks and knows whether they are there.
type Queue struct {
	redis     redis.UniversalClient
	client    *asynq.Client
	inspector *asynq.Inspector
	timeout   time.Duration
	late      late
}

// New makes a Queue; timeout is how long a worker may take over one task.
func New(client redis.UniversalClient, timeout time.Duration) *Queue {
	return &Queue{
		redis:     client,
		client:    asynq.NewClientFromRedisClient(client),
		inspector: asynq.NewInspectorFromRedisClient(client),
		timeout:   timeout,
	}
}

// taskID is the id of the task for one epoch of a job.
func taskID(ref job.Ref) string { return ref.ID + "." + strconv.FormatInt(ref.Epoch, 10) }

// maxRetry is practically unlimited: a task that is given up is archived by
// asynq without a word to us.
const maxRetry = 1 << 30

// Enqueue adds the task for ref. A task that is there already is as good. After
// an error it is tried again for a while, without a word to the caller.
func (q *Queue) Enqueue(ctx context.Context, ref job.Ref) error {
	err := q.enqueue(ctx, ref)
	if err != nil {
		q.later(ref)
	}
	return err
}

func (q *Queue) enqueue(ctx context.Context, ref job.Ref) error {
	body, err := json.Marshal(payload{payloadVersion, ref.ID, ref.Epoch, ref.Account, ref.CRM})
	if err != nil {
		return err
	}
	_, err = q.client.EnqueueContext(ctx, asynq.NewTask(taskType, body),
		asynq.TaskID(taskID(ref)), asynq.Queue(string(Contacts)), asynq.MaxRetry(maxRetry), asynq.Timeout(q.timeout))
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return nil
	}
	if refused(err) {
		return job.ErrFull
	}
	return err
}

// Has says whether the task for ref waits to be taken. A task that was taken
// does not count: whoever took it claims the job at once, or is dead, or never
// heard that it was given the task. asynq itself would find out after a minute
// or two.
func (q *Queue) Has(_ context.Context, ref job.Ref) (bool, error) {
	info, err := q.inspector.GetTaskInfo(string(Contacts), taskID(ref))
	switch {
	case errors.Is(err, asynq.ErrTaskNotFound), errors.Is(err, asynq.ErrQueueNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	switch info.State {
	case asynq.TaskStatePending, asynq.TaskStateScheduled, asynq.TaskStateRetry:
		return true, nil
	default:
		return false, nil
	}
}

// Stats is how a lane stands.
type Stats struct{ Pending, Active, Archived int }

// Stats tells how the contacts lane stands; all zero before its first task.
func (q *Queue) Stats() (Stats, error) {
	info, err := q.inspector.GetQueueInfo(string(Contacts))
	if errors.Is(err, asynq.ErrQueueNotFound) {
		return Stats{}, nil
	}
	if err != nil {
		return Stats{}, err
	}
	return Stats{Pending: info.Pending, Active: info.Active, Archived: info.Archived}, nil
}

func decode(body []byte) (job.Ref, error) {
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		return job.Ref{}, fmt.Errorf("queue: unreadable payload: %w", err)
	}
	if p.Version > payloadVersion {
		return job.Ref{}, errNewer
	}
	return job.Ref{ID: p.Job, Epoch: p.Epoch, Account: p.Account, CRM: p.CRM}, nil
}

// errNewer hands a task of a newer release back.
var errNewer = errors.New("queue: written by a newer release")
