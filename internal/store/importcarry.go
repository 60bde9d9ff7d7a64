package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/imports"
	"crmferry/internal/job"
)

// Load gives an import, whoever's it is.
func (s *Imports) Load(ctx context.Context, id string) (imports.Import, error) {
	tag, ok := tagOf(id)
	if !ok {
		return imports.Import{}, imports.ErrNotFound
	}
	names := importFields()
	values, err := s.redis.HMGet(ctx, tag.record(), names...).Result()
	if err != nil {
		return imports.Import{}, err
	}
	h := zip(names, values)
	if h["v"] == "" {
		return imports.Import{}, imports.ErrNotFound
	}
	return decodeImport(h)
}

// Take gives a turn its slice.
func (s *Imports) Take(ctx context.Context, t imports.Turn, want int, done *imports.Slice) (imports.Slice, bool, error) {
	tag, _ := tagOf(t.Import)
	finished := ""
	if done != nil { // by its rows: the script may run again after a lost answer
		finished = fmt.Sprintf("%d,%d,%d", done.Block, done.From, done.To)
	}
	got, err := takeSliceScript.Run(ctx, s.redis, []string{tag.record(), tag.slices(), tag.rows(), tag.sizes()},
		t.Number, t.Token(), t.Generation, want, finished, tag.key(""), t.Attempt).Slice()
	if err != nil {
		return imports.Slice{}, false, err
	}
	switch got[0].(string) {
	case "none":
		return imports.Slice{}, false, nil
	case "stale":
		return imports.Slice{}, false, imports.ErrStale
	}
	slice := imports.Slice{Block: number(got[1]), From: number(got[2]), To: number(got[3])}
	if got[0].(string) == "new" {
		return slice, true, nil
	}
	slice.Resumed, slice.Settled, slice.Marked = true, map[int]bool{}, map[int]job.Job{}
	for _, index := range got[4].([]any) {
		slice.Settled[number(index)] = true
	}
	marks := got[5].([]any)
	for i := 0; i+1 < len(marks); i += 2 {
		m, err := decodeMark(marks[i+1])
		if err != nil {
			return slice, false, err
		}
		slice.Marked[number(marks[i])] = m.job()
	}
	return slice, true, nil
}

func number(v any) int {
	switch n := v.(type) {
	case int64:
		return int(n)
	case string:
		i, _ := strconv.Atoi(n)
		return i
	default:
		return 0
	}
}

// mark is what the rows hash says of a row: how its job stands, but for what
// the row itself tells.
type mark struct {
	// Handed: it goes on as a job of its own.
	Handed  bool       `json:"h,omitempty"`
	State   job.State  `json:"s"`
	Status  job.Status `json:"st"`
	Place   job.Place  `json:"p"`
	Attempt int64      `json:"a"`
}

func markOf(j job.Job, handed bool) mark {
	return mark{Handed: handed, State: j.State, Status: j.Status, Place: j.Place, Attempt: j.Attempt}
}

func (m mark) job() job.Job {
	return job.Job{State: m.State, Status: m.Status, Place: m.Place, Attempt: m.Attempt, Epoch: 1}
}

func decodeMark(v any) (m mark, err error) {
	raw, _ := v.(string)
	return m, unmarshal(raw, &m)
}

// Block gives the rows of a block.
func (s *Imports) Block(ctx context.Context, id string, block int) ([]imports.Row, error) {
	tag, _ := tagOf(id)
	packed, err := s.redis.Get(ctx, tag.block(block)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, imports.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return imports.Unpack[imports.Row](packed)
}

// Write journals rows and writes results.
func (s *Imports) Write(ctx context.Context, t imports.Turn, sl imports.Slice, w imports.Writing) (bool, error) {
	tag, _ := tagOf(t.Import)
	args := []any{t.Number, t.Token(), sl.Block, len(w.Marks), len(w.Jobs), len(w.Cleared), len(w.Results)}
	for _, group := range []struct {
		jobs   map[int]job.Job
		handed bool
	}{{w.Marks, false}, {w.Jobs, true}} {
		for index, j := range group.jobs {
			raw, err := json.Marshal(markOf(j, group.handed))
			if err != nil {
				return false, err
			}
			args = append(args, index, raw)
		}
	}
	for _, index := range w.Cleared {
		args = append(args, index)
	}
	for _, r := range w.Results {
		more, err := resultArgs(r)
		if err != nil {
			return false, err
		}
		args = append(args, more...)
	}
	got, err := writeRowsScript.Run(ctx, s.redis, []string{tag.record(), tag.slices(), tag.rows(), tag.out(sl.Block)}, args...).Int64Slice()
	if err != nil {
		return false, err
	}
	if got[0] == 0 {
		return false, imports.ErrStale
	}
	if got[2] == 1 {
		err = s.compact(ctx, t.Import, sl.Block)
	}
	return got[1] == 1, err
}

// resultArgs are what the scripts want to know of a result: index, status,
// outcome, code of the error, and the whole.
func resultArgs(r imports.Result) ([]any, error) {
	raw, err := json.Marshal(r)
	code := ""
	if r.Error != nil {
		code = string(r.Error.Kind) + "/" + r.Error.Code
	}
	return []any{r.Index, string(r.Status), string(r.Outcome), code, raw}, err
}

// Rest notes what a turn waits for.
func (s *Imports) Rest(ctx context.Context, t imports.Turn, what job.WaitingFor, until time.Time) error {
	tag, _ := tagOf(t.Import)
	ms := int64(0)
	if !until.IsZero() {
		ms = until.UnixMilli()
	}
	return restTurnScript.Run(ctx, s.redis, []string{tag.record(), tag.slices()}, t.Number, t.Token(), string(what), ms).Err()
}

// Settle writes the result of a row that went on as a job. The row's end is
// heard of at least once.
func (s *Imports) Settle(ctx context.Context, id string, at imports.Place, r imports.Result) error {
	tag, ok := tagOf(id)
	if !ok {
		return imports.ErrNotFound
	}
	r.Index = at.Index
	args, err := resultArgs(r)
	if err != nil {
		return err
	}
	got, err := settleRowScript.Run(ctx, s.redis, []string{tag.record(), tag.rows(), tag.out(at.Block)}, append([]any{at.String(), at.Block}, args...)...).Int64Slice()
	if err != nil {
		return err
	}
	if got[0] == 1 && got[1] == 1 {
		return s.compact(ctx, id, at.Block)
	}
	if got[0] == 0 && r.Status == imports.RowSucceeded {
		return s.amend(ctx, tag, at, r)
	}
	return nil
}

// Handed lists the rows that go on as jobs, up to limit, with how each began.
func (s *Imports) Handed(ctx context.Context, id string, limit int) (map[imports.Place]job.Job, error) {
	tag, _ := tagOf(id)
	out := map[imports.Place]job.Job{}
	scan := s.redis.HScan(ctx, tag.rows(), 0, "", 500).Iterator()
	for scan.Next(ctx) && len(out) < limit {
		at, err := placeOf(scan.Val())
		if err != nil {
			return nil, err
		}
		if !scan.Next(ctx) {
			break
		}
		m, err := decodeMark(scan.Val())
		if err != nil {
			return nil, err
		}
		if m.Handed {
			out[at] = m.job()
		}
	}
	return out, scan.Err()
}

func placeOf(name string) (imports.Place, error) {
	b, i, ok := strings.Cut(name, ":")
	block, err1 := strconv.Atoi(b)
	index, err2 := strconv.Atoi(i)
	if !ok || err1 != nil || err2 != nil {
		return imports.Place{}, fmt.Errorf("store: %q is no place of a row", name)
	}
	return imports.Place{Block: block, Index: index}, nil
}

// PlaceOf reads a place from its text.
func PlaceOf(name string) (imports.Place, error) { return placeOf(name) }
