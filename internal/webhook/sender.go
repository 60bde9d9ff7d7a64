package webhook

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"crmferry/internal/transport"
)

const (
	sendTimeout = 15 * time.Second
	dialTimeout = 5 * time.Second
	// maxResponse is how much of an answer is read, keptResponse what is kept.
	maxResponse  = 64 << 10
	keptResponse = 1 << 10
	userAgent    = "Ferry-Webhooks/1 (+https://github.com/crmferry)"
)

// Sender sends events. It connects to no private address unless that is
// allowed, and follows no redirect.
type Sender struct {
	client *transport.Client
	sealer Sealer
	mask   func(string) string
	now    func() time.Time
	// private: http and private addresses are allowed.
	private bool
}

// NewSender makes a Sender. mask takes contact data and secrets out of what
// receivers answer.
func NewSender(sealer Sealer, mask func(string) string, private bool) *Sender {
	return &Sender{
		client: transport.New(transport.Options{
			AllowPrivate: private, Timeout: sendTimeout, DialTimeout: dialTimeout, MaxBody: maxResponse, UserAgent: userAgent,
		}),
		sealer: sealer, mask: mask, now: time.Now, private: private,
	}
}

// parcel is a delivery with all that a try needs.
type parcel struct {
	bill    Bill
	body    []byte
	url     string
	keys    Keyring
	context string // of the keys
}

// send makes one try.
func (s *Sender) send(ctx context.Context, p parcel) (Attempt, Answer) {
	begun := s.now()
	a := Attempt{At: begun.UTC()}
	// Checked again: what is allowed may have changed since the URL was stored.
	if fault := CheckURL("url", p.url, s.private); fault != nil {
		a.Error = fault.Code
		return a, Answer{}
	}
	header, err := p.keys.sign(s.sealer, p.context, p.bill.ID, p.body, begun)
	if err != nil {
		a.Error = "unsigned"
		return a, Answer{}
	}
	resp, err := s.client.Do(ctx, transport.Request{Label: "webhook", Method: http.MethodPost, URL: p.url, Header: header, Body: p.body})
	a.TookMS = s.now().Sub(begun).Milliseconds()
	if err != nil {
		return s.lost(a, err)
	}
	a.Status, a.Response = resp.Status, s.head(resp.Body)
	return a, Answer{Status: resp.Status, RetryAfter: retryAfter(resp.Header.Get("Retry-After"), s.now())}
}

// lost is a try without a whole answer. A status that came counts, whatever
// became of the body after it.
func (s *Sender) lost(a Attempt, err error) (Attempt, Answer) {
	a.Error = "failed"
	if e, ok := errors.AsType[*transport.Error](err); ok {
		a.Error, a.Status = string(e.Reason), e.Status
	}
	return a, Answer{Status: a.Status}
}

// head is the beginning of an answer, fit to be stored and shown.
func (s *Sender) head(body []byte) string {
	text := s.mask(strings.ToValidUTF8(string(body[:min(len(body), keptResponse)]), "\uFFFD"))
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}
