package connector

import (
	"context"

	"crmferry/internal/contact"
)

// Steps lists the calls that complete a created contact.
func (s *Session) Steps(ctx context.Context, created contact.Contact) ([]Step, error) {
	if s.spec.Follow == nil {
		return nil, nil
	}
	if _, err := s.prepare(ctx); err != nil {
		return nil, err
	}
	s.call.RemoteID = created.ID
	return s.spec.Follow(s.call, created), nil
}

// Do makes one follow-up call.
func (s *Session) Do(ctx context.Context, step Step, mark Mark) error {
	d, err := s.render(OpFollow, step.Request)
	if err != nil {
		return err
	}
	reply, err := s.exchange(ctx, OpFollow, d, mark)
	if err != nil {
		return err
	}
	if !accepted(step.OK, reply.Status) {
		return s.refusal(OpFollow, reply)
	}
	if step.Read == nil {
		return nil
	}
	if err := step.Read(reply); err != nil {
		return s.undecoded(OpFollow, reply, err)
	}
	return nil
}

// Applied asks whether a step with an unknown outcome took effect. Step.Check
// must be there.
func (s *Session) Applied(ctx context.Context, step Step) (bool, error) {
	d, err := s.render(OpCheck, step.Check.Request)
	if err != nil {
		return false, err
	}
	reply, err := s.exchange(ctx, OpCheck, d, nil)
	if err != nil {
		return false, err
	}
	if !accepted(nil, reply.Status) {
		return false, s.refusal(OpCheck, reply)
	}
	done, err := step.Check.Applied(reply)
	if err != nil {
		return false, s.undecoded(OpCheck, reply, err)
	}
	return done, nil
}
