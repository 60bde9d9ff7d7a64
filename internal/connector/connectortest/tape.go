package connectortest

import (
	"context"
	"errors"
	"net/http"
	"sort"
	"strings"
	"sync"

	"crmferry/internal/connector"
	"crmferry/internal/transport"
)

// line is one exchange as it was spoken: in testdata, or in a test.
type line struct {
	op      string
	request transport.Request
	reply   *transport.Response // nil when none came
	well    bool                // in a conversation that went well
}

// op is the operation that a request is for: its label is "<crm>/<op>".
func op(r transport.Request) string {
	_, name, _ := strings.Cut(r.Label, "/")
	return name
}

// tape notes all exchanges of an Exchanger.
type tape struct {
	connector.Exchanger
	mu    sync.Mutex
	lines []line
}

func (p *tape) Do(ctx context.Context, r transport.Request) (*transport.Response, error) {
	resp, err := p.Exchanger.Do(ctx, r)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, line{op: op(r), request: r, reply: resp})
	return resp, err
}

// spoken is what was said so far.
func (p *tape) spoken() []line {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lines
}

var errUnrecorded = errors.New("no conversation of testdata holds an answer to such a request")

// echo answers as the CRM did in testdata: what comes nearest to the request
// decides. It knows only what was said in conversations that went well.
type echo struct{ lines []line }

func (e echo) Do(_ context.Context, r transport.Request) (*transport.Response, error) {
	best, most := -1, -1
	for i, l := range e.lines {
		if l.op != op(r) || l.request.Method != r.Method || !l.well || l.reply == nil || l.reply.Status >= 300 {
			continue
		}
		if n := likeness(l.request, r); n > most {
			best, most = i, n
		}
	}
	switch {
	case best >= 0:
		return e.lines[best].reply, nil
	case op(r) == connector.OpFollow:
		return &transport.Response{Status: http.StatusOK, Header: http.Header{}, Body: []byte("{}")}, nil
	default:
		return nil, &transport.Error{Reason: transport.Refused, Err: errUnrecorded}
	}
}

// likeness is how long two requests are the same. Those that write are told
// by their address alone, so that the first one on the tape answers.
func likeness(a, b transport.Request) int {
	textA, textB := a.URL, b.URL
	if op(b) != connector.OpCreate && op(b) != connector.OpUpdate {
		textA, textB = textA+"\n"+string(a.Body), textB+"\n"+string(b.Body)
	}
	if textA == textB {
		return len(textA) + 1
	}
	return sort.Search(min(len(textA), len(textB)), func(n int) bool { return textA[:n+1] != textB[:n+1] })
}
