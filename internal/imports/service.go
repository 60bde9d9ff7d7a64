package imports

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"crmferry/internal/contact"
	"crmferry/internal/imports/parse"
	"crmferry/internal/job"
)

// ErrBusy: the first upload with this idempotency key is still under way.
var ErrBusy = errors.New("imports: the first upload with this key is under way")

// Library is what a Service needs of the place where imports are kept.
type Library interface {
	Uploads
	Load(ctx context.Context, id string) (Import, error)
	// KeyOf gives the import that an idempotency key belongs to, "" for none.
	KeyOf(ctx context.Context, digest string) (string, error)
	// TakeKey gives a key to an import in place of the one that was seen with
	// it, and tells which import has it now.
	TakeKey(ctx context.Context, digest, id, seen string) (string, error)
	// Held says whether somebody is about to complete an upload.
	Held(ctx context.Context, id string) (bool, error)
	// Abandon fails an upload of which nothing was heard for long, if that is so
	// still.
	Abandon(ctx context.Context, i Import) error
	Steered
}

// Service takes uploads in and has them carried out.
type Service struct {
	Store   Library
	Intake  *Intake
	Starter *Starter
	NewID   func() string
	Room    job.Room
	// Failed hears of what the caller need not: it is made good for.
	Failed func(error)
}

// Upload is a file that has come as far as its first row.
type Upload struct {
	Base
	Source Source
	Check  func(contact.Input) Verdict
	// Warnings are those of the request, for the report.
	Warnings []WarningCount
	// End is called after the last row: it completes the reading, and gives a
	// digest of the file and its options.
	End func() (string, error)
	// Key is the caller's idempotency key, "" for none.
	Key string
	// Stop has Source end that waits for bytes which are not wanted any more. It
	// may be called from any goroutine, and more than once.
	Stop func()
}

// attempts bounds the race for a key.
const attempts = 3

// Expect tells what can be told of an upload before its first byte: ErrBusy, or
// job.ErrFull where it would be a new import.
func (s *Service) Expect(ctx context.Context, tenant, account, key string) error {
	if key != "" {
		seen, err := s.Store.KeyOf(ctx, keyDigest(tenant, account, key))
		if err != nil {
			return err
		}
		if seen != "" {
			if _, free, err := s.first(ctx, seen); err != nil || !free {
				return err
			}
		}
	}
	if s.Room != nil {
		return s.Room.Admit(job.ManyRows)
	}
	return nil
}

// Receive stores an upload and has it carried out. replayed: an earlier upload
// with the same key and content made the import. It fails with ErrBusy,
// job.ErrKeyReused, job.ErrFull, ErrInvalidRows, or the file's *parse.Error;
// nothing is kept then but the import's failure.
func (s *Service) Receive(ctx context.Context, u Upload) (i Import, replayed bool, err error) {
	if u.Key == "" {
		i, err = s.receive(ctx, u, "", "")
		return i, false, err
	}
	digest := keyDigest(u.Tenant, u.AccountID, u.Key)
	for range attempts {
		seen, err := s.Store.KeyOf(ctx, digest)
		if err != nil {
			return Import{}, false, err
		}
		if seen != "" {
			first, free, err := s.first(ctx, seen)
			if err != nil {
				return Import{}, false, err
			}
			if !free {
				return s.replay(ctx, u, first)
			}
		}
		if i, err = s.receive(ctx, u, digest, seen); !errors.Is(err, errLostKey) {
			return i, false, err
		}
	}
	return Import{}, false, ErrBusy
}

// first gives the import that a key belongs to; free: it came to nothing.
func (s *Service) first(ctx context.Context, id string) (i Import, free bool, err error) {
	i, err = s.Store.Load(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return i, true, nil
	}
	if err != nil || i.Status != Receiving {
		return i, i.Status == Failed, err
	}
	held, err := s.Store.Held(ctx, id)
	if err == nil && held {
		return i, false, ErrBusy
	}
	if err != nil {
		return i, false, err
	}
	if err := s.Store.Abandon(ctx, i); err != nil {
		return i, false, err
	}
	// It may have been completed, or heard of, at the last moment.
	if i, err = s.Store.Load(ctx, id); err == nil && i.Status == Receiving {
		err = ErrBusy
	}
	return i, i.Status == Failed, err
}

// replay reads a repeated upload and compares it with the first.
func (s *Service) replay(ctx context.Context, u Upload, first Import) (Import, bool, error) {
	for _, err := range u.Source.Rows() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return Import{}, false, err
		}
	}
	digest, err := u.End()
	if err != nil {
		return Import{}, false, err
	}
	if digest != first.Fingerprint {
		return Import{}, false, job.ErrKeyReused
	}
	first, err = s.Store.Load(ctx, first.ID) // it may have gone on meanwhile
	return first, true, err
}

// errLostKey: another upload was given the key first.
var errLostKey = errors.New("imports: another upload has the key")

func (s *Service) receive(ctx context.Context, u Upload, digest, seen string) (Import, error) {
	if s.Room != nil {
		if err := s.Room.Admit(job.ManyRows); err != nil {
			return Import{}, err
		}
	}
	u.ID, u.Idem = s.NewID(), digest
	if err := s.Store.Begin(ctx, u.Base); err != nil {
		return Import{}, s.roomless(err)
	}
	begun := Import{Base: u.Base, Status: Receiving}
	if digest != "" {
		has, err := s.Store.TakeKey(ctx, digest, u.ID, seen)
		if err == nil && has != u.ID {
			err = errLostKey
		}
		if err != nil {
			s.fail(ctx, begun, err)
			s.drop(ctx, begun)
			return Import{}, s.roomless(err)
		}
	}
	stop := u.Stop
	if stop == nil {
		stop = func() {}
	}
	u.Stop = stop
	i, err := s.Intake.Receive(ctx, u)
	if err != nil {
		s.fail(ctx, begun, err)
		return i, s.roomless(err)
	}
	if i.Status == Running {
		s.start(ctx, i.ID)
	}
	return i, nil
}

// start makes the turns of an import that is to run. Should that fail, the
// Keeper does it.
func (s *Service) start(ctx context.Context, id string) {
	if err := s.Starter.Start(context.WithoutCancel(ctx), id); err != nil {
		s.Failed(err)
	}
}

// fail ends an upload. Should that fail, the Keeper does it in a while.
func (s *Service) fail(ctx context.Context, i Import, why error) {
	f := FaultOf(why)
	if file := new(parse.Error); ctx.Err() != nil && errors.As(why, &file) { // it is not the file's fault
		f = FaultOf(context.Canceled)
	}
	if err := s.Store.Fail(context.WithoutCancel(ctx), i, f); err != nil {
		s.Failed(err)
	}
}

// drop forgets an upload that never began: its key is another's.
func (s *Service) drop(ctx context.Context, i Import) {
	i.Status = Failed
	if err := s.Store.Delete(context.WithoutCancel(ctx), i); err != nil {
		s.Failed(err)
	}
}

// roomless adds to the word of a full store when there may be room.
func (s *Service) roomless(err error) error {
	var told *job.Full
	if s.Room != nil && errors.Is(err, job.ErrFull) && !errors.As(err, &told) {
		return &job.Full{RetryAfter: s.Room.RetryAfter()}
	}
	return err
}

// keyDigest names (tenant, account, key) in a fixed length.
func keyDigest(tenant, account, key string) string {
	sum := sha256.Sum256([]byte("import\x00" + tenant + "\x00" + account + "\x00" + key))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}
