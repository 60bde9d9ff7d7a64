package kit

import (
	"context"
	"net"
	"net/http"
	"time"
)

// misbehave answers a call as the fault says and returns the status that was
// sent, 0 for none.
func (s *CRM) misbehave(w http.ResponseWriter, c *Call, in *Injected) int {
	f := in.fault
	var reply Reply
	if f.Do.writes() {
		reply = s.answer(c)
	}
	in.strike()
	if !in.pause(c.Request.Context()) {
		return 0
	}
	if f.Do == Delay || f.Do == Hold {
		reply = s.answer(c)
	}
	switch f.Do {
	case ResetBefore, ResetAfter, WriteThenReset:
		cut(w, true)
		return 0
	case WriteThenClose:
		cut(w, false)
		return 0
	case Status, WriteThenStatus, HTML:
		reply = s.canned(c, f).frozen()
	case Empty2xx:
		reply.Body = nil
	case Truncate:
		reply.send(w, reply.size()/2)
		return reply.Status
	case Delay, Hold, WriteThenDelay, WriteThenHold:
	default:
		reply = Raw(http.StatusInternalServerError, "text/plain", "sandbox: no such kind of fault").frozen()
	}
	reply.send(w, reply.size())
	return reply.Status
}

// pause waits as the fault says; false when the client has left.
func (i *Injected) pause(ctx context.Context) bool {
	if i.fault.Do.holds() {
		select {
		case <-i.released:
			return true
		case <-ctx.Done():
			return false
		}
	}
	if i.fault.Delay <= 0 {
		return true
	}
	timer := time.NewTimer(time.Duration(i.fault.Delay))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

const gatewayPage = "<html><head><title>502 Bad Gateway</title></head>" +
	"<body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>"

func (s *CRM) canned(c *Call, f Fault) Reply {
	switch f.Vendor {
	case VendorLimited:
		return s.spec.Errors.Limited(c, s.exhausted())
	case VendorServerError:
		return s.spec.Errors.ServerError(c)
	case VendorUnavailable:
		return s.spec.Errors.Unavailable(c)
	case VendorUnauthorized:
		return s.spec.Errors.Unauthorized(c, Expired)
	}
	reply := Reply{Status: f.Status, Header: f.Header, Body: f.Body}
	if f.Do == HTML {
		reply = Raw(f.Status, "text/html", gatewayPage)
		if reply.Status == 0 {
			reply.Status = http.StatusBadGateway
		}
	}
	if reply.Status == 0 {
		reply.Status = http.StatusInternalServerError
	}
	return reply
}

// exhausted is a used-up first limit that has room again in a second.
func (s *CRM) exhausted() Usage {
	for _, l := range *s.limits.Load() {
		return Usage{Limit: l, Used: l.Requests, Reset: time.Second}
	}
	return Usage{Reset: time.Second}
}

// cut ends the connection without an answer: with a reset, or in order.
func cut(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the way out that net/http provides
	}
	if tls, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = tls.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0) // unread data makes a reset of the close anyway
	}
	_ = conn.Close()
}
