package connector

import (
	"cmp"
	"context"
)

// BatchAnswer is what became of one contact of a batch: an answer, or a
// classified fault.
type BatchAnswer struct {
	Answer
	Err error
}

// CreateBatch makes one record per session in one call and gives one answer
// per session, in their order. The sessions are of one account, at most
// Spec.Batch.Max, and agree in remote_query. A contact that cannot be encoded
// takes no part and fails alone; an error means that the call failed for all
// of the others. mark is called with the batch's own request.
func CreateBatch(ctx context.Context, sessions []*Session, mark Mark) ([]BatchAnswer, error) {
	for again := true; ; again = false {
		b := newBatch(sessions)
		cached, err := b.encode(ctx)
		if err != nil || len(b.members) == 0 {
			return b.answers, err
		}
		err = b.send(ctx, mark)
		if err == nil || !again || !cached || !b.lead().stale(err) {
			return b.answers, err
		}
		for _, s := range sessions {
			s.relearn()
		}
	}
}

// batch is one call under construction.
type batch struct {
	sessions []*Session
	answers  []BatchAnswer
	members  []int // the sessions that take part
	calls    []*Call
	bodies   []map[string]any
	create   Request // the first member's own, for its query
}

func newBatch(sessions []*Session) *batch {
	return &batch{sessions: sessions, answers: make([]BatchAnswer, len(sessions))}
}

// lead speaks for the account that all sessions share.
func (b *batch) lead() *Session { return b.sessions[0] }

// encode makes the discoveries and bodies of all members.
func (b *batch) encode(ctx context.Context) (cached bool, err error) {
	for i, s := range b.sessions {
		hit, err := s.prepare(ctx)
		if err != nil {
			return cached, err
		}
		cached = cached || hit
		if err := b.add(i, s); err != nil {
			b.answers[i].Err = err
		}
	}
	return cached, nil
}

func (b *batch) add(i int, s *Session) error {
	req, err := s.request(OpCreate, s.spec.Create)
	if err != nil {
		return err
	}
	raw, err := encodeBody(req.Body)
	if err != nil {
		return s.encoding(OpCreate, err)
	}
	body := map[string]any{}
	if err := decodeJSON(raw, &body); err != nil {
		return s.encoding(OpCreate, err)
	}
	if len(b.members) == 0 {
		b.create = req
	}
	b.members, b.calls, b.bodies = append(b.members, i), append(b.calls, s.call), append(b.bodies, body)
	return nil
}

func (b *batch) send(ctx context.Context, mark Mark) error {
	s, spec := b.lead(), b.lead().spec.Batch
	req, err := spec.Request(b.calls, b.bodies)
	if err != nil {
		return s.encoding(OpCreate, err)
	}
	req.Query = mergedQuery(b.create.Query, req.Query)
	d, err := s.render(OpCreate, req)
	if err != nil {
		return err
	}
	reply, err := s.exchange(ctx, OpCreate, d, mark)
	if err != nil {
		return err
	}
	return b.read(reply, spec)
}

// read hands each member its part of the answer.
func (b *batch) read(reply Reply, spec *Batch) error {
	s := b.lead()
	if !accepted(spec.OK, reply.Status) {
		return s.refusal(OpCreate, reply)
	}
	results, err := spec.Decode(b.calls, reply)
	if err != nil {
		return s.undecoded(OpCreate, reply, err)
	}
	if len(results) != len(b.members) {
		return s.undecoded(OpCreate, reply, errNoID)
	}
	for i, result := range results {
		b.answers[b.members[i]] = b.sessions[b.members[i]].member(reply, result)
	}
	return nil
}

// member is the answer to one contact of a batch.
func (s *Session) member(reply Reply, r BatchResult) BatchAnswer {
	switch {
	case r.Err != nil:
		return BatchAnswer{Err: s.refused(OpCreate, reply, *r.Err)}
	case r.Contact.ID == "":
		return BatchAnswer{Err: s.undecoded(OpCreate, reply, errNoID)}
	default:
		return BatchAnswer{Answer: Answer{Contact: r.Contact, Raw: r.Raw, ContentType: cmp.Or(r.ContentType, reply.Header.Get("Content-Type"))}}
	}
}
