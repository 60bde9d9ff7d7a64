package imports

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crmferry/internal/job"
)

// Errors of a store.
var (
	// ErrNotFound: no such import, or it is another tenant's, or past retention.
	ErrNotFound = errors.New("imports: not found")
	// ErrStale: the writer is not current any more.
	ErrStale = errors.New("imports: superseded")
	// ErrState: the import's status does not allow it.
	ErrState = errors.New("imports: not possible in this state")
)

// Turn is one of the runners of an import, as long as a worker holds it.
type Turn struct {
	Import string
	// Number is the turn's own, from 1; Generation that of the start it came with.
	Number     int
	Generation int64
	// Attempt counts the holds of the turn.
	Attempt int64
}

// Token names the worker's hold: nobody else can write once it is replaced. The
// turns of two generations have the same numbers, but not the same tokens.
func (t Turn) Token() string { return fmt.Sprintf("%d.%d", t.Generation, t.Attempt) }

// Slice is a part of one block, in the hands of one turn.
type Slice struct {
	Block int
	// From and To bound its rows: From <= index < To.
	From, To int
	// Resumed: an earlier hold may have begun it. Settled are then those of its
	// rows that have a result or a job, and Marked what was journaled of others.
	Resumed bool
	Settled map[int]bool
	Marked  map[int]job.Job
}

// Writing is what a turn writes at once about rows of its slice.
type Writing struct {
	// Marks journal rows of which something is about to be sent.
	Marks map[int]job.Job
	// Jobs journal rows that go on as jobs of their own.
	Jobs map[int]job.Job
	// Cleared are rows that are as untouched again.
	Cleared []int
	Results []Result
}

// Book is what turns need of the place where imports are kept. Every write of a
// turn fails with ErrStale when another hold has taken its place.
type Book interface {
	// Load gives an import, whoever's it is.
	Load(ctx context.Context, id string) (Import, error)
	// Take gives the turn the slice that it had before, or else the next want
	// rows of a block. done, the last one, is given back. ok is false when there
	// is nothing more for the turn: the import is paused, cancelled, over, was
	// started anew, or all its rows are taken up.
	Take(ctx context.Context, t Turn, want int, done *Slice) (s Slice, ok bool, err error)
	// Block gives the rows of a block.
	Block(ctx context.Context, id string, block int) ([]Row, error)
	// Write journals rows and writes results. live is false when the import does
	// not want more rows to be begun.
	Write(ctx context.Context, t Turn, s Slice, w Writing) (live bool, err error)
	// Rest notes what the turn waits for, "" for nothing any more.
	Rest(ctx context.Context, t Turn, what job.WaitingFor, until time.Time) error
}
