// Package transport is the one outgoing HTTP stack: pools, time-outs, a body
// cap, a guard against private addresses, and an exact answer to the question
// that decides every retry: was any byte of the request written?
//
// It speaks HTTP/1.1 only, follows no redirect, uses no proxy, and puts a
// request on the wire at most once (a plain GET or HEAD may go out again when a
// kept-alive connection turns out to be dead).
package transport

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Defaults of the fields of [Options] that are left zero.
const (
	DefaultTimeout     = 20 * time.Second
	DefaultDialTimeout = 5 * time.Second
	DefaultMaxBody     = 8 << 20
	DefaultUserAgent   = "Ferry/1"
)

const (
	maxIdlePerHost    = 64
	idleConnTimeout   = 30 * time.Second
	maxResponseHeader = 1 << 20
)

// Options shape a [Client]. The zero value is ready for production.
type Options struct {
	AllowPrivate bool          // permit loopback, private, link-local and other special addresses
	Timeout      time.Duration // one whole exchange, from Do to the last byte of the body
	DialTimeout  time.Duration // DNS, connect and TLS handshake together
	MaxBody      int64         // bytes of a response body, after decompression
	UserAgent    string        // sent where the request names none
	// Observe is told of every exchange once it ended, from the goroutine of Do.
	Observe func(Exchange)
	// Now is the clock of the fence and of the durations.
	Now func() time.Time
}

// Exchange is what may be logged and counted of one exchange. It holds neither
// path nor query, neither headers nor bodies.
type Exchange struct {
	Label         string        // the request's own
	Method        string        // such as POST
	Host          string        // host, with its port where the URL names one
	Status        int           // 0 when no response header arrived
	Reason        Reason        // empty when the exchange succeeded
	Sent          bool          // a byte of the request was written
	Reused        bool          // on a kept-alive connection
	Connected     time.Duration // until a connection was at hand; 0 if none was
	FirstByte     time.Duration // until the first byte of the response; 0 if none came
	Elapsed       time.Duration // the whole
	RequestBytes  int           // size of the request's body
	ResponseBytes int           // size of the response's body, decompressed
}

// Request is one request. Header is not changed; URL must be absolute, http or
// https, without user info. It must not name an Accept-Encoding if a compressed
// response is to be decompressed.
type Request struct {
	Label  string // what the call is for, such as "create"; for [Exchange] alone
	Method string
	URL    string
	Header http.Header
	Body   []byte
	// SendBy, if set, is the moment from which nothing of the request may be
	// written any more. It is held against the monotonic and the wall clock.
	SendBy  time.Time
	Timeout time.Duration // of the whole exchange; 0 takes that of the Options
}

// Response is a response read to its end, whatever its status; a redirect is a
// response like any other.
type Response struct {
	Status  int
	Header  http.Header
	Body    []byte
	Elapsed time.Duration
	Begun   time.Duration // until a connection was at hand and the request went out
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	opts Options
	pool *http.Transport
}

// New returns a Client with a connection pool of its own.
func New(opts Options) *Client {
	opts = withDefaults(opts)
	return newClient(opts, newDialer(opts))
}

func newClient(opts Options, d *dialer) *Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &Client{opts: opts, pool: &http.Transport{
		DialContext:            d.plain,
		DialTLSContext:         d.secure,
		Protocols:              protocols,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		IdleConnTimeout:        idleConnTimeout,
		MaxResponseHeaderBytes: maxResponseHeader,
	}}
}

func withDefaults(o Options) Options {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.DialTimeout <= 0 {
		o.DialTimeout = DefaultDialTimeout
	}
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.UserAgent == "" {
		o.UserAgent = DefaultUserAgent
	}
	if o.Observe == nil {
		o.Observe = func(Exchange) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// CloseIdle closes the connections that no request uses.
func (c *Client) CloseIdle() { c.pool.CloseIdleConnections() }

// Do sends r and reads the whole response. Any status is a response; every
// error is an [*Error]. A cancelled ctx ends the exchange at once, with
// [Cancelled] and context.Cause(ctx) in the error's chain.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	f := newFlight(r, c.opts.Now)
	req, err := c.build(r)
	if err != nil {
		c.observe(r, "", f, nil, err)
		return nil, err
	}
	resp, err := c.exchange(ctx, r, req, f)
	c.observe(r, req.URL.Host, f, resp, err)
	if err != nil {
		return nil, err
	}
	return resp, nil
}

func (c *Client) exchange(ctx context.Context, r Request, req *http.Request, f *flight) (*Response, *Error) {
	timeout := r.Timeout
	if timeout <= 0 {
		timeout = c.opts.Timeout
	}
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTimeout)
	defer cancel()
	f.abort = abort

	if f.fence.passed(c.opts.Now()) {
		return nil, f.failed(ctx, errFenced)
	}
	defer f.land()
	// RoundTrip, not http.Client: no redirects, no cookies, no *url.Error.
	httpResp, err := c.pool.RoundTrip(req.WithContext(f.trace(ctx)))
	if err != nil {
		return nil, f.failed(ctx, err)
	}
	f.status = httpResp.StatusCode
	body, err := c.readBody(httpResp)
	if err != nil {
		return nil, f.failed(ctx, err)
	}
	return &Response{
		Status:  httpResp.StatusCode,
		Header:  httpResp.Header,
		Body:    body,
		Elapsed: f.elapsed(),
		Begun:   f.connected,
	}, nil
}

// readBody reads to the end, so that the connection can be used again; a body
// past the cap costs the connection.
func (c *Client) readBody(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return nil, errMalformed
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.opts.MaxBody+1))
	switch {
	case err != nil && isCompression(err):
		return nil, errMalformed
	case err != nil:
		return nil, &bodyError{err}
	case int64(len(body)) > c.opts.MaxBody:
		return nil, errTooLarge
	}
	return body, nil
}

func isCompression(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum)
}

func (c *Client) observe(r Request, host string, f *flight, resp *Response, err *Error) {
	x := Exchange{
		Label:        r.Label,
		Method:       r.Method,
		Host:         host,
		Status:       f.status,
		Sent:         f.sent.Load(),
		Reused:       f.reused,
		Connected:    f.connected,
		FirstByte:    time.Duration(f.firstByte.Load()),
		Elapsed:      f.elapsed(),
		RequestBytes: len(r.Body),
	}
	if resp != nil {
		x.ResponseBytes = len(resp.Body)
	}
	if err != nil {
		x.Reason = err.Reason
	}
	c.opts.Observe(x)
}
