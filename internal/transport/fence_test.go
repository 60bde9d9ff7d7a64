package transport

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"testing"
	"time"
)

func TestFencePassedBeforeTheFirstByte(t *testing.T) {
	t.Parallel()
	for name, reused := range map[string]bool{"fresh": false, "reused": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forBoth(t, func(t *testing.T, secure bool) {
				meetFence(t, secure, reused, http.MethodPost)
				meetFence(t, secure, reused, http.MethodGet)
			})
		})
	}
}

// meetFence lets the clock jump past the fence once a connection is at hand,
// and counts what the server still gets.
func meetFence(t *testing.T, secure, reused bool, method string) {
	t.Helper()
	late := make(chan int64, 1)
	s := serve(t, secure, func(_ int, c net.Conn) {
		br := bufio.NewReader(c)
		if reused {
			readRequest(br)
			_, _ = io.WriteString(c, okReply)
		}
		n, _ := io.Copy(io.Discard, br)
		late <- n
	})
	var offset atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	var last Exchange
	c := s.client(t, Options{Now: now, Observe: func(x Exchange) { last = x }})
	r := Request{Method: method, URL: s.url}
	if method == http.MethodPost {
		r.Body = []byte(`{"a":1}`)
	}
	if reused {
		mustDo(t, c, r)
	}
	r.SendBy = now().Add(5 * time.Second)
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { offset.Store(int64(10 * time.Second)) },
	})
	resp, err := c.Do(ctx, r)
	if e := mustFail(t, resp, err); e.Reason != Fenced || e.Sent {
		t.Errorf("%s: got %v", method, e)
	}
	if last.Connected == 0 || last.Reused != reused || last.Sent {
		t.Errorf("%s: exchange = %+v", method, last)
	}
	if n := <-late; n != 0 {
		t.Errorf("%s: the server got %d bytes past the fence", method, n)
	}
	if n := s.dials.Load(); n != 1 {
		t.Errorf("%s: %d connections, want 1", method, n)
	}
}

func TestFencePassedAtTheStartDialsNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, false, answer(okReply))
	r := post(s.url)
	r.SendBy = time.Now().Add(-time.Millisecond)
	resp, err := s.client(t, Options{}).Do(context.Background(), r)
	if e := mustFail(t, resp, err); e.Reason != Fenced || e.Sent {
		t.Errorf("got %v", e)
	}
	if n := s.dials.Load(); n != 0 {
		t.Errorf("%d connections, want none", n)
	}
}

// A response may take longer than the fence: only the first byte is held to it.
func TestFenceDoesNotEndAnExchangeUnderWay(t *testing.T) {
	t.Parallel()
	var offset atomic.Int64
	s := serve(t, false, func(_ int, c net.Conn) {
		br := bufio.NewReader(c)
		if _, err := br.Peek(1); err != nil {
			return
		}
		offset.Store(int64(time.Minute))
		readRequest(br)
		_, _ = io.WriteString(c, okReply)
	})
	now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	r := post(s.url)
	r.Body = make([]byte, 8<<20)
	r.SendBy = now().Add(5 * time.Second)
	if resp := mustDo(t, s.client(t, Options{Now: now}), r); resp.Status != 200 {
		t.Errorf("status %d", resp.Status)
	}
}

func TestFenceHoldsOnBothClocks(t *testing.T) {
	t.Parallel()
	now := time.Now()
	later, earlier := now.Add(time.Second), now.Add(-time.Second)
	tests := map[string]struct {
		fence fence
		want  bool
	}{
		"none":                         {fence{}, false},
		"neither passed":               {fence{wall: later.Round(0), mono: later}, false},
		"wall clock alone passed":      {fence{wall: earlier.Round(0), mono: later}, true},
		"monotonic clock alone passed": {fence{wall: later.Round(0), mono: earlier}, true},
		"both at this very moment":     {fence{wall: now.Round(0), mono: now}, true},
		"made from a monotonic time":   {newFence(later, now), false},
		"made from a wall time":        {newFence(later.Round(0), now), false},
		"made from a past wall time":   {newFence(earlier.Round(0), now), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.fence.passed(now); got != tt.want {
				t.Errorf("passed = %v, want %v", got, tt.want)
			}
		})
	}
	// From a wall time alone the monotonic clock still runs: with the wall clock
	// set back by an hour the fence must not open again.
	f := newFence(later.Round(0), now)
	f.wall = f.wall.Add(time.Hour)
	if !f.passed(now.Add(2 * time.Second)) {
		t.Error("setting the wall clock back opened the fence")
	}
}
