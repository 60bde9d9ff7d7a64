package connector

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"crmferry/internal/fault"
	"crmferry/internal/transport"
)

// Draft is a request as it goes out, but for its credentials.
type Draft struct {
	Method string            `json:"method"`
	URL    string            `json:"url"`
	Header map[string]string `json:"header,omitempty"`
	Body   []byte            `json:"body,omitempty"`
}

// draft builds the request of an operation.
func (s *Session) draft(op string, o Operation) (Draft, error) {
	req, err := s.request(op, o)
	if err != nil {
		return Draft{}, err
	}
	return s.render(op, req)
}

// request is what an operation sends; only Create takes the caller's
// remote_data and remote_query.
func (s *Session) request(op string, o Operation) (Request, error) {
	s.call.warnings = nil
	req, err := o.Request(s.call)
	if err != nil {
		return Request{}, s.encoding(op, err)
	}
	in := s.call.Input
	if op != OpCreate || s.spec.RemoteDataAt == RemoteDataByHand {
		return req, nil
	}
	if len(in.RemoteData) > 0 {
		if req.Body, err = s.spec.mergeRemoteData(req.Body, in.RemoteData); err != nil {
			return Request{}, s.encoding(op, err)
		}
	}
	if len(in.RemoteQuery) > 0 {
		req.Query = mergedQuery(req.Query, in.RemoteQuery)
	}
	return req, nil
}

// render makes a draft of a request.
func (s *Session) render(op string, req Request) (Draft, error) {
	address, err := s.address(req)
	if err != nil {
		return Draft{}, s.encoding(op, err)
	}
	d := Draft{Method: req.Method, URL: address, Header: map[string]string{"Accept": "application/json"}}
	for name, format := range s.spec.Headers {
		d.Header[name] = expand(format, s.call.Settings)
	}
	if d.Body, err = encodeBody(req.Body); err != nil {
		return Draft{}, s.encoding(op, err)
	}
	if d.Body != nil {
		d.Header["Content-Type"] = s.spec.contentType()
	}
	for name, value := range req.Header {
		d.Header[name] = value
	}
	return d, nil
}

func (s *Spec) contentType() string {
	if s.ContentType != "" {
		return s.ContentType
	}
	return "application/json"
}

// encodeBody gives the bytes of a body; HTML characters stay as they are.
func encodeBody(body any) ([]byte, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case []byte:
		return b, nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// address is the request's URL: the CRM's own, or the operator's override.
func (s *Session) address(req Request) (string, error) {
	raw := req.Path
	if !strings.Contains(strings.SplitN(raw, "/", 2)[0], ":") && !strings.HasPrefix(raw, "{") {
		raw = s.spec.BaseURL + raw
	}
	u, err := url.Parse(expand(raw, s.call.Settings))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "", errors.New("the account's settings give no usable address")
	}
	if len(req.Query) > 0 {
		u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+req.Query.Encode(), "&")
	}
	if o := s.client.override(s.spec.ID); o != nil {
		return relocate(u, o).String(), nil
	}
	return u.String(), nil
}

// relocate moves u to the override's scheme, host and port, and puts the
// override's path in front.
func relocate(u, o *url.URL) *url.URL {
	moved := *u
	moved.Scheme, moved.Host = o.Scheme, o.Host
	if prefix := strings.TrimSuffix(o.EscapedPath(), "/"); prefix != "" {
		moved.RawPath = prefix + u.EscapedPath()
		moved.Path, _ = url.PathUnescape(moved.RawPath)
	}
	return &moved
}

// exchange sends a draft with the account's credentials, once the pace allows
// it. mark, where the call writes, is asked last. An error is classified.
func (s *Session) exchange(ctx context.Context, op string, d Draft, mark Mark) (Reply, error) {
	permit, sendBy, err := s.permitted(ctx, op, d, mark)
	if err != nil {
		return Reply{}, err
	}
	header := http.Header{}
	for name, value := range d.Header {
		header.Set(name, value)
	}
	for name, value := range s.scheme.headers(s.acc.Credential, s.call.Settings) {
		header.Set(name, value)
	}
	begun := time.Now()
	resp, err := s.client.http.Do(ctx, transport.Request{
		Label: s.spec.ID + "/" + op, Method: d.Method, URL: d.URL, Header: header, Body: d.Body, SendBy: sendBy,
	})
	if err != nil {
		permit.Done(Feedback{Verdict: verdictOn(err), Took: time.Since(begun)})
		return Reply{}, s.transportFault(op, err)
	}
	f := Feedback{Begun: resp.Begun, Took: time.Since(begun), Usage: s.spec.Limits.usage(resp.Header)}
	f.Verdict, f.Wait = s.spec.Limits.verdict(resp.Status, resp.Header)
	permit.Done(f)
	return Reply{Status: resp.Status, Header: resp.Header, Body: s.redact(resp.Body)}, nil
}

// permitted takes a permit and marks the call. A permit that ran out while the
// mark was written is replaced: nothing was sent yet.
func (s *Session) permitted(ctx context.Context, op string, d Draft, mark Mark) (p Permit, sendBy time.Time, err error) {
	for marked := mark == nil; ; marked = true {
		s.asked = true
		if p, err = s.client.pacer.Take(ctx, s.turn(op, d.URL)); err != nil {
			return nil, sendBy, s.held(op, err)
		}
		s.permit = p
		if !marked {
			if sendBy, err = mark(d); err != nil {
				p.Cancel()
				return nil, sendBy, err
			}
		}
		if !p.Expired() {
			return p, sendBy, nil
		}
		p.Cancel()
	}
}

// encoding is the fault of a request that could not be built.
func (s *Session) encoding(op string, err error) error {
	f := fault.New(fault.Invalid, "not_encodable", err.Error())
	var known *fault.Error
	if errors.As(err, &known) {
		f = known
	}
	f.CRM, f.Op = s.spec.ID, op
	return f
}

func internalf(spec *Spec, format string, args ...any) error {
	f := fault.New(fault.Internal, "internal", fmt.Sprintf(format, args...))
	f.CRM = spec.ID
	return f
}
