package queue

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestOnlyTheDeadlineEndsATask: asynq ends the context when it lost its lease.
func TestOnlyTheDeadlineEndsATask(t *testing.T) {
	t.Parallel()
	task, lose := context.WithTimeout(t.Context(), time.Hour)
	ctx, cancel := outlasting(task)
	defer cancel()
	lose()
	got, _ := ctx.Deadline()
	if want, _ := task.Deadline(); ctx.Err() != nil || !got.Equal(want) {
		t.Errorf("%v, until %v", ctx.Err(), got)
	}
	task, lose = context.WithTimeout(t.Context(), time.Millisecond)
	defer lose()
	ctx, cancel = outlasting(task)
	defer cancel()
	if <-ctx.Done(); !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("ended by %v", ctx.Err())
	}
}

func TestAFullRedisIsNoNewsOfAsynqs(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := logger{slog.New(slog.NewTextHandler(&out, nil))}
	l.Error("Dequeue error: OOM command not allowed when used memory > 'maxmemory'.")
	l.Error("Dequeue error: connection refused")
	if text := out.String(); strings.Contains(text, "OOM") || !strings.Contains(text, "level=ERROR msg=\"Dequeue error: connection refused\"") {
		t.Errorf("logged %s", text)
	}
}
