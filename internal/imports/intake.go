package imports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/imports/parse"
	"crmferry/internal/job"
)

// Uploads is what an Intake needs of the place where imports are kept.
type Uploads interface {
	// Begin notes an import whose rows are about to come; nothing of it runs. It
	// is held for a while, and longer with each block and each Hold.
	Begin(ctx context.Context, b Base) error
	Hold(ctx context.Context, id string) error
	// PutBlock stores the next block, with its columns of fingerprints.
	PutBlock(ctx context.Context, id string, block, rows int, packed []byte, columns map[string][]byte) error
	// Seal completes the import, all at once: it runs from now on, or is ready.
	Seal(ctx context.Context, i Import) error
	// Fail ends an import that was not sealed, and forgets its rows.
	Fail(ctx context.Context, i Import, f *fault.Error) error
}

// Fingerprinter makes the columns by which the rows of a block are found again.
type Fingerprinter interface {
	Columns(ctx context.Context, tenant string, rows []Row) (map[string][]byte, error)
}

// ErrInvalidRows: the file has invalid rows, and was not to have any.
var ErrInvalidRows = errors.New("imports: the file has invalid rows")

// Intake takes files in.
type Intake struct {
	Store Uploads
	Codec *Codec
	// Prints makes fingerprints; nil for none.
	Prints Fingerprinter
	// Admit refuses more rows where there is no room for them; nil for never.
	Admit func() error
	// HoldEvery is how often a slow upload says that it is still under way; 0 is
	// 5 s. It must be much shorter than what Begin holds an import for.
	HoldEvery time.Duration
}

// Source is where rows come from.
type Source interface {
	Rows() iter.Seq2[parse.Row, error]
	Mapping() parse.Mapping
	Preamble() string
}

// Receive stores the rows of an upload, each held against its Check, and seals
// the import when End, called after the last row, agrees. After an error nothing
// of it runs, and its rows are forgotten. ErrInvalidRows comes with the report.
// Stop is called when no more rows are wanted, while Source may wait for some:
// the import was cancelled, or there is no room.
func (in *Intake) Receive(ctx context.Context, up Upload) (Import, error) {
	u := &receiving{
		Intake: in, ctx: ctx, stop: up.Stop, imp: Import{Base: up.Base, Status: Receiving}, check: newChecker(up.Check),
		blocks: make(chan filled, blocksAhead), stored: make(chan error, 1),
	}
	go u.store()
	release := u.hold()
	err := u.read(up.Source)
	close(u.blocks)
	if kept := <-u.stored; kept != nil {
		err = kept // what followed is of no account
	}
	if held := release(); held != nil {
		err = held
	}
	u.imp.Mapping, u.imp.Preamble = up.Source.Mapping(), up.Source.Preamble()
	u.imp.Report = u.check.finish(u.imp.Mapping)
	u.imp.Report.Warnings = append(slices.Clone(up.Warnings), u.imp.Report.Warnings...)
	u.imp.LookUps = u.check.report.lookUps
	if err == nil {
		u.imp.Fingerprint, err = up.End()
	}
	if err == nil && u.imp.OnInvalid == RejectInvalid && u.imp.Report.Rows.Invalid > 0 {
		err = ErrInvalidRows
	}
	if err == nil {
		err = u.ctx.Err()
	}
	if err == nil {
		err = u.seal()
	}
	return u.imp, err
}

// seal completes the import. Once it has begun, the end of ctx does not keep it
// from being known whether it was done.
func (u *receiving) seal() error {
	u.imp.Status, u.imp.Generation = Running, 1
	if u.imp.Manual {
		u.imp.Status, u.imp.Generation = Ready, 0
	}
	u.imp.SealedAt = time.Now().UTC()
	u.imp.Counts = Counts{Total: u.imp.Rows, Pending: u.imp.Rows}
	return u.Store.Seal(context.WithoutCancel(u.ctx), u.imp)
}

// blocksAhead is how many blocks may wait to be stored while more rows are read.
const blocksAhead = 2

// receiving is one file on its way in.
type receiving struct {
	*Intake
	ctx    context.Context
	stop   func()
	imp    Import
	check  *checker
	block  filled
	blocks chan filled
	stored chan error // once, when the last block is stored or one cannot be
}

// filled is a block with its rows.
type filled struct {
	rows  []Row
	bytes int
}

// read fills blocks with the rows of src.
func (u *receiving) read(src Source) error {
	for row, err := range src.Rows() {
		if err == nil {
			err = u.ctx.Err()
		}
		if err == nil {
			err = u.add(row)
		}
		if err != nil {
			return err
		}
	}
	return u.flush()
}

func (u *receiving) add(row parse.Row) error {
	problems, err := u.check.row(row)
	if err != nil {
		return err
	}
	r := Row{Line: row.Line, Raw: row.Raw, ClientRef: row.ClientRef, Metadata: row.Metadata, Warnings: row.Warnings, Problems: problems}
	if len(problems) == 0 {
		r.Input = row.Input
	}
	if r.ClientRef != "" {
		u.imp.Refs++
	}
	u.imp.Rows++
	u.block.rows = append(u.block.rows, r)
	u.block.bytes += 2 * len(row.Raw)
	if len(u.block.rows) == blockRows || u.block.bytes >= blockBytes {
		return u.flush()
	}
	return nil
}

func (u *receiving) flush() error {
	if len(u.block.rows) == 0 {
		return nil
	}
	select {
	case u.blocks <- u.block:
	case err := <-u.stored: // they are not taken any more
		u.stored <- err
		return err
	}
	u.block = filled{rows: make([]Row, 0, blockRows)}
	u.imp.Blocks++
	return nil
}

// store packs and stores blocks until there are no more, or one cannot be.
func (u *receiving) store() {
	n := 0
	for b := range u.blocks {
		if err := u.put(n, b.rows); err != nil {
			u.stored <- err
			u.stop()
			return
		}
		n++
	}
	u.stored <- nil
}

func (u *receiving) put(n int, rows []Row) error {
	if u.Admit != nil {
		if err := u.Admit(); err != nil {
			return err
		}
	}
	packed, err := Pack(u.Codec, rows)
	if err != nil {
		return err
	}
	var columns map[string][]byte
	if u.Prints != nil {
		if columns, err = u.Prints.Columns(u.ctx, u.imp.Tenant, rows); err != nil {
			return err
		}
	}
	return u.Store.PutBlock(u.ctx, u.imp.ID, n, len(rows), packed, columns)
}

const holdEvery = 5 * time.Second

// hold keeps the upload from being given up until the function that it returns
// is called, which fails with ErrStale when it was given up all the same.
func (u *receiving) hold() (release func() error) {
	ctx, cancel := context.WithCancel(u.ctx)
	done := make(chan error, 1)
	go func() { done <- u.holding(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

func (u *receiving) holding(ctx context.Context) error {
	tick := time.NewTicker(cmp.Or(u.HoldEvery, holdEvery))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			// Another error than this may pass: the next one may succeed.
			if err := u.Store.Hold(ctx, u.imp.ID); errors.Is(err, ErrStale) {
				u.stop()
				return err
			}
		}
	}
}

// Resubmitted is a Source of rows that were stored before.
type Resubmitted struct {
	Of   Import
	List iter.Seq2[Row, error]
}

// Rows yields them as they once came.
func (r Resubmitted) Rows() iter.Seq2[parse.Row, error] {
	return func(yield func(parse.Row, error) bool) {
		some := false
		for row, err := range r.List {
			some = true
			p := parse.Row{
				Line: row.Line, Raw: row.Raw, Input: row.Input, ClientRef: row.ClientRef, Metadata: row.Metadata, Warnings: row.Warnings,
			}
			if len(row.Problems) > 0 {
				p.Invalid = &contact.Invalid{Status: invalidStatus, Problems: row.Problems}
			}
			if !yield(p, err) {
				return
			}
		}
		if !some {
			yield(parse.Row{}, ErrNoRows)
		}
	}
}

// invalidStatus is what a single contact with such problems is answered with.
const invalidStatus = 422

// ErrNoRows: there is nothing to import.
var ErrNoRows = fmt.Errorf("imports: no rows: %w", io.EOF)

// Mapping is that of the file.
func (r Resubmitted) Mapping() parse.Mapping { return r.Of.Mapping }

// Preamble is that of the file.
func (r Resubmitted) Preamble() string { return r.Of.Preamble }

// FaultOf tells, in an import's own words, why its upload failed.
func FaultOf(err error) *fault.Error {
	var file *parse.Error
	switch {
	case errors.As(err, &file):
		f := fault.New(fault.Invalid, file.Code, file.Message)
		if file.Line > 0 {
			f.Message = fmt.Sprintf("line %d: %s", file.Line, file.Message)
		}
		return f
	case errors.Is(err, ErrStale):
		return fault.New(fault.Cancelled, "cancelled", "the import was cancelled while it was uploaded")
	case errors.Is(err, ErrInvalidRows):
		return fault.New(fault.Invalid, "invalid_rows", "the file has invalid rows, and on_invalid is reject")
	case errors.Is(err, job.ErrFull):
		return fault.New(fault.Unavailable, "no_room", "there was no room for the file")
	case errors.Is(err, errLostKey):
		return fault.New(fault.Cancelled, "superseded", "another upload has the idempotency key")
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Cancelled, "broken_off", "the upload broke off")
	default:
		return fault.New(fault.Unavailable, "broken_off", "the upload could not be completed")
	}
}
