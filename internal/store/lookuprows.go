package store

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/fingerprint"
	"crmferry/internal/imports"
	"crmferry/internal/lua"
)

const (
	// lookupImports and lookupBlocks are how many one step looks at: a block's
	// column is about 10 kB.
	lookupImports = 100
	lookupBlocks  = 128
)

// blockOf is a block of an import, whose index entry has the time ms.
type blockOf struct {
	imp   *imports.Import
	ms    int64
	block int
}

// rows are the rows of imports, block by block: only the column of the kind
// that is sought is read, and of the blocks those alone that have the
// fingerprint.
func (l *lookup) rows(yield func(sighting, error) bool) {
	index := importsByTenant(l.tenant)
	if l.sought.AccountID != "" {
		index = importsByAccount(l.sought.AccountID)
	}
	all, err := l.redis.ZRevRangeWithScores(l.ctx, index, 0, -1).Result()
	if err != nil {
		yield(sighting{}, err)
		return
	}
	var blocks []blockOf
	for part := range slices.Chunk(all, lookupImports) {
		more, err := l.blocksOf(part)
		if err != nil {
			yield(sighting{}, err)
			return
		}
		if blocks = append(blocks, more...); len(blocks) >= lookupBlocks {
			if !l.search(blocks, yield) {
				return
			}
			blocks = nil
		}
	}
	l.search(blocks, yield)
}

// blocksOf gives the blocks of the tenant's imports in a part of the index.
func (l *lookup) blocksOf(part []redis.Z) (list []blockOf, err error) {
	names := importFields()
	pipe := l.redis.Pipeline()
	replies := make([]*redis.SliceCmd, len(part))
	for k, z := range part {
		id, _ := z.Member.(string)
		if tag, ok := tagOf(id); ok && (l.after == nil || int64(z.Score) <= l.after.ms) {
			replies[k] = pipe.HMGet(l.ctx, tag.record(), names...)
		}
	}
	if pipe.Len() == 0 {
		return nil, nil
	}
	if _, err := pipe.Exec(l.ctx); err != nil {
		return nil, err
	}
	for k, reply := range replies {
		if reply == nil {
			continue
		}
		h := zip(names, reply.Val())
		if h["v"] == "" || h["t"] != l.tenant {
			continue
		}
		i, err := decodeImport(h)
		if err != nil {
			return nil, err
		}
		if i.SealedAt.IsZero() || l.sought.Kind == fingerprint.ClientRef && i.Refs == 0 {
			continue
		}
		for n := range i.Blocks {
			list = append(list, blockOf{&i, int64(part[k].Score), n})
		}
	}
	return list, nil
}

// search yields what is found in the blocks; false when no more is wanted.
func (l *lookup) search(blocks []blockOf, yield func(sighting, error) bool) bool {
	for part := range slices.Chunk(blocks, lookupBlocks) {
		hits, err := l.hits(part)
		if err != nil {
			yield(sighting{}, err)
			return false
		}
		for k, rows := range hits {
			if len(rows) > 0 && !l.confirmRows(part[k], rows, yield) {
				return false
			}
		}
	}
	return true
}

// hits gives, for each block, the rows that have the fingerprint.
func (l *lookup) hits(part []blockOf) ([][]int, error) {
	pipe := l.redis.Pipeline()
	replies := make([]*redis.StringCmd, len(part))
	for k, b := range part {
		tag, _ := tagOf(b.imp.ID)
		replies[k] = pipe.Get(l.ctx, tag.column(imports.ColumnOf(l.sought.Kind), b.block))
	}
	if _, err := pipe.Exec(l.ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	hits := make([][]int, len(part))
	var open []int
	for k, reply := range replies {
		packed, err := reply.Bytes()
		switch {
		case errors.Is(err, redis.Nil):
			open = append(open, k)
		case err != nil:
			return nil, err
		}
		hits[k] = imports.FindIn(packed, l.print)
	}
	if l.sought.Kind != fingerprint.RemoteID {
		return hits, nil
	}
	return hits, l.openHits(part, open, hits)
}

// openHitsScript finds a text in the results of blocks that are not done.
// KEYS out...   ARGV text   Returns {number of the key from 0, index of the row}...
var openHitsScript = lua.Upkeep(`
local found = {}
for i = 1, #KEYS do
  local flat = redis.call('HGETALL', KEYS[i])
  for k = 2, #flat, 2 do
    if string.find(flat[k], ARGV[1], 1, true) then
      table.insert(found, i - 1)
      table.insert(found, tonumber(flat[k - 1]))
    end
  end
end
return found
`)

// openAtOnce bounds for how long one of these scripts keeps Redis busy.
const openAtOnce = 8

// openHits looks for a remote id in blocks that have no column of them yet.
func (l *lookup) openHits(part []blockOf, open []int, hits [][]int) error {
	value, err := json.Marshal(l.sought.Value)
	if err != nil {
		return err
	}
	for len(open) > 0 {
		n, imp := 1, part[open[0]].imp
		for n < min(len(open), openAtOnce) && part[open[n]].imp == imp {
			n++
		}
		tag, _ := tagOf(imp.ID)
		var keys []string
		for _, k := range open[:n] {
			keys = append(keys, tag.out(part[k].block))
		}
		found, err := openHitsScript.Run(l.ctx, l.redis, keys, `"remote_id":`+string(value)).Int64Slice()
		if err != nil {
			return err
		}
		for i := 0; i+1 < len(found); i += 2 {
			k := open[found[i]]
			hits[k] = append(hits[k], int(found[i+1]))
		}
		open = open[n:]
	}
	for _, rows := range hits {
		slices.Sort(rows)
	}
	return nil
}

// confirmRows yields those of a block's rows that are the person.
func (l *lookup) confirmRows(b blockOf, rows []int, yield func(sighting, error) bool) bool {
	outcomes, err := l.imports.Results(l.ctx, *b.imp, b.block)
	if errors.Is(err, imports.ErrNotFound) {
		return true // it was deleted meanwhile
	}
	if err != nil {
		yield(sighting{}, err)
		return false
	}
	for _, o := range outcomes {
		at := spot{b.ms, b.imp.ID, b.block, o.Index}
		if _, hit := slices.BinarySearch(rows, o.Index); !hit || !l.beyond(at) || !l.sought.ConfirmsRow(o) {
			continue
		}
		jobID, err := l.handedAs(b, o)
		if err != nil {
			yield(sighting{}, err)
			return false
		}
		if !yield(sighting{at, imports.SightingOfRow(*b.imp, o, jobID)}, nil) {
			return false
		}
	}
	return true
}

// handedAs is the job as which a row goes on, "" for none.
func (l *lookup) handedAs(b blockOf, o imports.Outcome) (string, error) {
	if o.Status != imports.RowPending {
		return "", nil
	}
	tag, _ := tagOf(b.imp.ID)
	place := imports.Place{Block: b.block, Index: o.Index}.String()
	raw, err := l.redis.HGet(l.ctx, tag.rows(), place).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	m, err := decodeMark(raw)
	if err != nil || !m.Handed {
		return "", err
	}
	return RowJobID(b.imp.ID, place), nil
}
