package connectortest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/transport"
)

var (
	errLost       = errors.New("the connection was lost")
	errUnexpected = errors.New("the request was not expected")
)

// transcript plays the CRM's part of a conversation. A request that is
// unknown, different or one too many fails the test and gets no answer.
type transcript struct {
	t       testing.TB
	base    string // scheme and host of the CRM
	secrets []string
	left    []Exchange
	said    int
}

func (p *transcript) Do(_ context.Context, r transport.Request) (*transport.Response, error) {
	p.t.Helper()
	p.said++
	if len(p.left) == 0 {
		p.t.Errorf("request %d, %s %s, is one too many", p.said, r.Method, r.URL)
		return nil, &transport.Error{Reason: transport.Refused, Err: errUnexpected}
	}
	next := p.left[0]
	p.left = p.left[1:]
	if !p.expected(r, next) {
		return nil, &transport.Error{Reason: transport.Refused, Err: errUnexpected}
	}
	if next.Response.Lost {
		return nil, &transport.Error{Reason: transport.Reset, Sent: true, Err: errLost}
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for name, value := range next.Response.Headers {
		header.Set(name, value)
	}
	return &transport.Response{Status: next.Response.Status, Header: header, Body: plain(next.Response.Body)}, nil
}

func (p *transcript) expected(r transport.Request, next Exchange) bool {
	p.t.Helper()
	want := next.Request
	diff := cmp.Diff(want.Method+" "+canonical(p.base, want.Path), r.Method+" "+canonical(p.base, r.URL))
	for name, value := range want.Headers {
		diff += cmp.Diff(name+": "+value, name+": "+r.Header.Get(name))
	}
	diff += cmp.Diff(tree(want.Body), tree(r.Body))
	if diff != "" {
		p.t.Errorf("request %d (-want +got):\n%s", p.said, diff)
	}
	for _, secret := range p.secrets {
		if strings.Contains(r.URL, secret) || strings.Contains(string(r.Body), secret) {
			p.t.Errorf("request %d carries a credential outside its headers", p.said)
		}
	}
	return diff == ""
}

// end fails the test for requests that did not come.
func (p *transcript) end() {
	p.t.Helper()
	for _, missing := range p.left {
		p.t.Errorf("%s %s was never requested", missing.Request.Method, missing.Request.Path)
	}
}

// canonical is a URL with its query in order and without its own host.
func canonical(base, text string) string {
	if strings.HasPrefix(text, "/") {
		text = base + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	u.RawQuery = u.Query().Encode()
	return u.String()
}

// tree is a JSON body for comparison; what is no JSON stays text.
func tree(body []byte) any {
	if len(body) == 0 {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return string(body)
	}
	return v
}

func plain(body json.RawMessage) []byte {
	var text string
	if json.Unmarshal(body, &text) == nil {
		return []byte(text)
	}
	return body
}
