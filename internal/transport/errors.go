package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// Reason is why an exchange failed.
type Reason string

// The reasons.
const (
	InvalidRequest Reason = "invalid_request" // not a request that can be sent
	PrivateAddress Reason = "private_address" // the guard forbids the resolved address
	DNS            Reason = "dns"             // the name cannot be resolved
	Refused        Reason = "refused"         // nobody listens there
	Unreachable    Reason = "unreachable"     // no route, or another failure to connect
	TLS            Reason = "tls"             // handshake or certificate
	Timeout        Reason = "timeout"         // time-out of the dial, the exchange or the caller
	Cancelled      Reason = "cancelled"       // the caller cancelled
	Fenced         Reason = "fenced"          // SendBy passed before the first byte
	Reset          Reason = "reset"           // the connection broke
	Truncated      Reason = "truncated"       // the response ended early or its framing broke
	TooLarge       Reason = "too_large"       // the body is past the cap
	BadResponse    Reason = "bad_response"    // not HTTP, or not decodable
)

// Error is every error of [Client.Do]. Its text, and that of the errors in its
// chain, holds no path, query, header value or body.
type Error struct {
	Sent   bool // false: surely nothing of the request was written
	Reason Reason
	Status int // of a response whose body could not be read, else 0
	Err    error
}

func (e *Error) Error() string {
	sent := "not sent"
	if e.Sent {
		sent = "sent"
	}
	return string(e.Reason) + " (request " + sent + "): " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

var (
	errTimeout   = errors.New("the exchange took too long")
	errFenced    = errors.New("too late to send")
	errReplay    = errors.New("the connection was lost, and the request may not be sent twice")
	errTooLarge  = errors.New("the response body is too large")
	errMalformed = errors.New("the response cannot be read")
	errUnarmed   = errors.New("write outside a request")
)

// dialError marks what failed before a connection was at hand.
type dialError struct {
	stage string
	err   error
}

func (e *dialError) Error() string { return e.stage + ": " + e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// bodyError marks what failed while the body was read.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return "response body: " + e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }

// cause shows text in place of an error whose own text may hold data; err
// stays reachable only where its type is known to be harmless.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string { return c.text }
func (c *cause) Unwrap() error { return c.err }

func (f *flight) failed(ctx context.Context, err error) *Error {
	reason, shown := f.classify(ctx, err)
	return &Error{Sent: f.sent.Load(), Reason: reason, Status: f.status, Err: shown}
}

// classify asks the context first: once it is done, whatever the network says
// is only how its end was noticed.
func (f *flight) classify(ctx context.Context, err error) (Reason, error) {
	if why := context.Cause(ctx); why != nil {
		return classifyCause(why)
	}
	if dial, ok := errors.AsType[*dialError](err); ok {
		return classifyDial(dial)
	}
	switch {
	case err == errFenced:
		return Fenced, errFenced
	case err == errTooLarge:
		return TooLarge, errTooLarge
	case err == errMalformed:
		return BadResponse, errMalformed
	case !f.asked:
		return InvalidRequest, errors.New("the method or a header is malformed")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Truncated, &cause{"the response ended early", io.ErrUnexpectedEOF}
	case isReset(err):
		return Reset, &cause{"the connection was lost", errnoOf(err)}
	case isBody(err):
		return Truncated, errors.New("the framing of the response body is broken")
	case f.firstByte.Load() != 0:
		return BadResponse, errMalformed
	}
	return Reset, errors.New("the connection was lost")
}

func classifyCause(why error) (Reason, error) {
	switch {
	case why == errFenced:
		return Fenced, why
	case why == errReplay:
		return Reset, why
	case why == errTimeout:
		return Timeout, why
	case errors.Is(why, context.DeadlineExceeded):
		return Timeout, &cause{"the caller's deadline passed", why}
	}
	return Cancelled, &cause{"cancelled by the caller", why}
}

func classifyDial(e *dialError) (Reason, error) {
	timeout, ok := errors.AsType[net.Error](e.err)
	dns, isDNS := errors.AsType[*net.DNSError](e.err)
	switch {
	case isGuard(e.err):
		return PrivateAddress, errors.New("the address is private or reserved")
	case isDNS:
		return DNS, &cause{"the host's name cannot be resolved", &net.DNSError{
			Err: "look-up failed", Name: dns.Name, IsTimeout: dns.IsTimeout, IsNotFound: dns.IsNotFound}}
	case ok && timeout.Timeout(), errors.Is(e.err, context.DeadlineExceeded):
		return Timeout, &cause{e.stage + ": timed out", context.DeadlineExceeded}
	case errors.Is(e.err, syscall.ECONNREFUSED):
		return Refused, &cause{"the connection was refused", syscall.ECONNREFUSED}
	case isReset(e.err):
		return Reset, &cause{e.stage + ": the connection was lost", errnoOf(e.err)}
	case e.stage == handshakeStage:
		return TLS, &cause{e.stage + ": " + clip(e.err.Error()), e.err}
	}
	return Unreachable, &cause{"the host cannot be reached", errnoOf(e.err)}
}

// clip bounds the text of a TLS error, which lists the names of a certificate.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.ToValidUTF8(s, "")
}

func isGuard(err error) bool {
	return errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedPort) ||
		errors.Is(err, ssrf.ErrProhibitedNetwork) || errors.Is(err, ssrf.ErrInvalidHostPort)
}

func isReset(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, syscall.ECONNABORTED)
}

func isBody(err error) bool {
	_, ok := errors.AsType[*bodyError](err)
	return ok
}

// errnoOf keeps the system's error number alone: it says what happened without
// saying where.
func errnoOf(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	return nil
}
