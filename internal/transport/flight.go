package transport

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// fence is the last moment at which a request may be written, on two clocks:
// the wall clock may be set back while we wait for a connection, and the
// monotonic clock stands still while the machine is suspended.
type fence struct {
	wall time.Time // without a monotonic reading
	mono time.Time // with one, where the clock gives it
}

// newFence anchors sendBy, which may come without a monotonic reading, to now.
func newFence(sendBy, now time.Time) fence {
	if sendBy.IsZero() {
		return fence{}
	}
	return fence{wall: sendBy.Round(0), mono: now.Add(sendBy.Sub(now))}
}

func (f fence) passed(now time.Time) bool {
	if f.wall.IsZero() {
		return false
	}
	return !now.Round(0).Before(f.wall) || !now.Before(f.mono)
}

// flight is one call of Do: what its request may do on a connection, and what
// became of it there.
type flight struct {
	fence  fence
	replay bool // may be written once more, on another connection
	now    func() time.Time
	start  time.Time
	abort  context.CancelCauseFunc

	sent      atomic.Bool // a byte was written, or is just being written
	firstByte atomic.Int64
	asked     bool // net/http found nothing wrong and asked for a connection
	reused    bool
	connected time.Duration
	status    int
	leg       *leg
}

func newFlight(r Request, now func() time.Time) *flight {
	start := now()
	return &flight{
		fence:  newFence(r.SendBy, start),
		replay: r.SendBy.IsZero() && (r.Method == http.MethodGet || r.Method == http.MethodHead),
		now:    now,
		start:  start,
	}
}

func (f *flight) elapsed() time.Duration { return f.now().Sub(f.start) }

// trace arms every connection that net/http picks for the flight. GotConn runs
// before the connection's write loop is handed the request.
func (f *flight) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { f.asked = true },
		GotConn: func(info httptrace.GotConnInfo) {
			f.connected, f.reused = f.elapsed(), info.Reused
			if c, ok := info.Conn.(*conn); ok {
				f.land()
				f.leg = &leg{flight: f, conn: c}
				c.leg.Store(f.leg)
			}
		},
		GotFirstResponseByte: func() { f.firstByte.CompareAndSwap(0, int64(f.elapsed())) },
	})
}

// land disarms the connection, unless another flight has it already.
func (f *flight) land() {
	if f.leg != nil {
		f.leg.conn.leg.CompareAndSwap(f.leg, nil)
	}
}

// depart is asked before the first byte goes out on a connection. From its yes
// on the flight counts as sent, so that nobody reads a "not sent" while the
// kernel takes the bytes; undo takes that back when it took none.
func (f *flight) depart() (undo func(), err error) {
	before := f.sent.Load()
	switch {
	case before && !f.replay:
		err = errReplay
	case f.fence.passed(f.now()):
		err = errFenced
	}
	if err != nil {
		// Without this net/http would try the next idle connection.
		f.abort(err)
		return nil, err
	}
	f.sent.Store(true)
	return func() { f.sent.Store(before) }, nil
}
