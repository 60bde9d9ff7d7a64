package transport

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
)

// build turns r into a request that net/http has no means to replay: GetBody
// stays nil. Its errors hold nothing of the URL, which may carry secrets.
func (c *Client) build(r Request) (*http.Request, *Error) {
	u, err := url.Parse(r.URL)
	switch {
	case err != nil:
		return nil, invalid("the URL cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, invalid("the URL is neither http nor https")
	case u.Hostname() == "":
		return nil, invalid("the URL names no host")
	case u.User != nil:
		return nil, invalid("the URL holds user info")
	case r.Method == "":
		return nil, invalid("no method is given")
	}
	req := &http.Request{
		Method: r.Method,
		URL:    u,
		Host:   u.Host,
		Header: r.Header.Clone(),
		Proto:  "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if req.Header == nil {
		req.Header = http.Header{}
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", c.opts.UserAgent)
	}
	if len(r.Body) > 0 {
		req.Body = io.NopCloser(bytes.NewReader(r.Body))
		req.ContentLength = int64(len(r.Body))
	}
	return req, nil
}

func invalid(text string) *Error {
	return &Error{Reason: InvalidRequest, Err: errors.New(text)}
}
