package connector

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// Answer is a success: the contact as the CRM gave it, and its very words.
type Answer struct {
	Contact     contact.Contact
	Raw         []byte
	ContentType string
}

// Mark is called with the exact request right before it is sent, and gives the
// time past which its first byte must not be written any more.
type Mark func(d Draft) (sendBy time.Time, err error)

// Ops name the calls of a conversation, in errors, logs and metrics.
const (
	OpPrepare = "prepare"
	OpCreate  = "create"
	OpUpdate  = "update"
	OpFollow  = "follow"
	OpCheck   = "check"
	OpRead    = "read"
	OpFind    = "find"
	OpProbe   = "probe"
)

// Create makes the record. When the CRM says that a cached discovery is out of
// date, the discoveries are made anew and the call is repeated once.
func (s *Session) Create(ctx context.Context, mark Mark) (Answer, error) {
	return s.write(ctx, OpCreate, s.spec.Create, mark)
}

// Update writes the fields of the input to the record id.
func (s *Session) Update(ctx context.Context, id string, mark Mark) (Answer, error) {
	s.call.RemoteID = id
	if s.spec.ReadFirst {
		existing, err := s.Read(ctx, id)
		if err != nil {
			return Answer{}, err
		}
		s.call.Existing = existing.Contact
	}
	return s.write(ctx, OpUpdate, *s.spec.Update, mark)
}

// Resend sends a create again, byte by byte as it was.
func (s *Session) Resend(ctx context.Context, d Draft, mark Mark) (Answer, error) {
	return s.send(ctx, OpCreate, s.spec.Create, d, mark)
}

func (s *Session) write(ctx context.Context, op string, o Operation, mark Mark) (Answer, error) {
	for again := true; ; again = false {
		cached, err := s.prepare(ctx)
		if err != nil {
			return Answer{}, err
		}
		d, err := s.draft(op, o)
		if err != nil {
			return Answer{}, err
		}
		a, err := s.send(ctx, op, o, d, mark)
		if err == nil || !again || !cached || !s.stale(err) {
			return a, err
		}
		s.relearn()
	}
}

// relearn forgets what was discovered. A CRM that remembers keys may remember
// the refusal, so the next request goes out under another key.
func (s *Session) relearn() {
	s.client.cache.forget(s.cacheKey())
	s.call.prepared = nil
	if s.spec.Idempotency.Kind == KeyHeader {
		s.call.Key = uuid.NewSHA1(uuid.NameSpaceOID, []byte(s.call.Key)).String()
	}
}

func (s *Session) send(ctx context.Context, op string, o Operation, d Draft, mark Mark) (Answer, error) {
	reply, err := s.exchange(ctx, op, d, mark)
	if err != nil {
		return Answer{}, err
	}
	return s.decode(op, o, reply)
}

// decode turns a reply into an answer or a classified refusal.
func (s *Session) decode(op string, o Operation, reply Reply) (Answer, error) {
	if !accepted(o.OK, reply.Status) {
		return Answer{}, s.refusal(op, reply)
	}
	c, err := o.Decode(s.call, reply)
	if err != nil {
		return Answer{}, s.undecoded(op, reply, err)
	}
	if c.ID == "" {
		return Answer{}, s.undecoded(op, reply, errNoID)
	}
	return Answer{Contact: c, Raw: reply.Body, ContentType: reply.Header.Get("Content-Type")}, nil
}

var errNoID = errors.New("the answer names no record")

// Read reads the record id; Spec.Read must be there.
func (s *Session) Read(ctx context.Context, id string) (Answer, error) {
	s.call.RemoteID = id
	return s.read(ctx, OpRead, *s.spec.Read)
}

func (s *Session) read(ctx context.Context, op string, o Operation) (Answer, error) {
	if _, err := s.prepare(ctx); err != nil {
		return Answer{}, err
	}
	d, err := s.draft(op, o)
	if err != nil {
		return Answer{}, err
	}
	reply, err := s.exchange(ctx, op, d, nil)
	if err != nil {
		return Answer{}, err
	}
	return s.decode(op, o, reply)
}

// Found is what a look-up gave.
type Found struct {
	Matches []contact.Contact
	// Marker: the matches carry our own key.
	Marker bool
	// Lag is how long after a write an empty answer proves nothing.
	Lag time.Duration
}

// ErrCannotFind says that this CRM offers no look-up for what the input holds.
var ErrCannotFind = errors.New("no look-up applies to this contact")

// Find looks for records that the input describes.
func (s *Session) Find(ctx context.Context) (Found, error) { return s.find(ctx, s.spec.Find) }

// FindPerson looks for records of the person, whoever made them.
func (s *Session) FindPerson(ctx context.Context) (Found, error) {
	return s.find(ctx, s.personFinders())
}

// ErrCrowded is what a Finder's Decode says when the answer holds only a part of
// what may be the record: the next Finder that applies is asked then.
var ErrCrowded = errors.New("there are more records than the answer holds")

func (s *Session) find(ctx context.Context, finders []Finder) (Found, error) {
	for {
		i := s.finder(finders)
		if i < 0 {
			return Found{}, ErrCannotFind
		}
		found, err := s.look(ctx, finders[i])
		finders = finders[i+1:]
		if !errors.Is(err, ErrCrowded) || s.finder(finders) < 0 {
			return found, err
		}
	}
}

// look asks one Finder.
func (s *Session) look(ctx context.Context, f Finder) (Found, error) {
	if _, err := s.prepare(ctx); err != nil {
		return Found{}, err
	}
	d, err := s.draft(OpFind, Operation{Request: f.Request})
	if err != nil {
		return Found{}, err
	}
	reply, err := s.exchange(ctx, OpFind, d, nil)
	if err != nil {
		return Found{}, err
	}
	found := Found{Marker: f.Marker, Lag: f.Lag}
	if contains(f.Absent, reply.Status) {
		return found, nil
	}
	if !accepted(nil, reply.Status) {
		return Found{}, s.refusal(OpFind, reply)
	}
	found.Matches, err = f.Decode(s.call, reply)
	if err == nil && slices.ContainsFunc(found.Matches, func(m contact.Contact) bool { return m.ID == "" }) {
		err = errNoID
	}
	if err != nil {
		return Found{}, s.undecoded(OpFind, reply, err)
	}
	return found, nil
}

// CanFindPerson says whether FindPerson applies to the input.
func (s *Session) CanFindPerson() bool {
	return s.finder(s.personFinders()) >= 0
}

// personFinders are those that do not look for our own work.
func (s *Session) personFinders() []Finder {
	var list []Finder
	for _, f := range s.spec.Find {
		if f.Person() {
			list = append(list, f)
		}
	}
	return list
}

// finder is the place of the first one that applies, -1 for none.
func (s *Session) finder(finders []Finder) int {
	return slices.IndexFunc(finders, func(f Finder) bool {
		return (f.Marker || s.call.Has(f.By)) && (f.Applies == nil || f.Applies(s.call))
	})
}

// Idempotency gives the means by which repeating this very create is harmless.
func (s *Session) Idempotency() Idempotency {
	i := s.spec.Idempotency
	if i.By != "" && !s.call.Has(i.By) || i.Applies != nil && !i.Applies(s.call) {
		return Idempotency{}
	}
	return i
}

// ClientID is the id that we choose for the record; "" where the CRM chooses.
func (s *Session) ClientID() string {
	if i := s.Idempotency(); i.Kind == ClientID {
		return i.ID(s.call)
	}
	return ""
}

// Probe checks the credentials and tells whose they are.
func (s *Session) Probe(ctx context.Context) (Identity, error) {
	d, err := s.draft(OpProbe, Operation{Request: s.spec.Probe.Request})
	if err != nil {
		return Identity{}, err
	}
	reply, err := s.exchange(ctx, OpProbe, d, nil)
	if err != nil {
		return Identity{}, err
	}
	if !accepted(s.spec.Probe.OK, reply.Status) {
		return Identity{}, s.refusal(OpProbe, reply)
	}
	if s.spec.Probe.Identity == nil {
		return Identity{}, nil
	}
	who, err := s.spec.Probe.Identity(reply)
	if err != nil {
		return Identity{}, s.undecoded(OpProbe, reply, err)
	}
	return who, nil
}

// Warnings lists what of the input the last request left out: fields that the
// CRM cannot hold, and what the connector reported.
func (s *Session) Warnings() []contact.Warning {
	return append(s.spec.Unsupported(s.call.Input), s.call.warnings...)
}

func (s *Session) stale(err error) bool {
	f := fault.From(err)
	for _, code := range s.spec.Errors.Stale {
		if equalFold(code, f.Code) {
			return true
		}
	}
	return false
}
