package localredis

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestTwoServersNeverShareADirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := Start(t.Context(), dir)
	if errors.Is(err, ErrNoProgram) {
		t.Log("redis-server is not on the PATH")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if second, err := Start(ctx, dir); err == nil {
		second.Stop()
		t.Fatal("a second server runs on the same files")
	}
	if err := first.Client().Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	first.Stop()
	third, err := Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer third.Stop()
	if v, err := third.Client().Get(t.Context(), "k").Result(); err != nil || v != "v" {
		t.Errorf("after the restart: %q, %v", v, err)
	}
}

func TestKeysInMemoryExpire(t *testing.T) {
	t.Parallel()
	m, err := StartMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Stop()
	client := m.Client()
	defer func() { _ = client.Close() }()
	if err := client.Set(t.Context(), "k", "v", 50*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); client.Exists(t.Context(), "k").Val() != 0; {
		if time.Now().After(deadline) {
			t.Fatal("the key never expired")
		}
	}
}
