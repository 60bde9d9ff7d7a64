package imports

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"sort"
	"sync"
	"time"

	"crmferry/internal/fingerprint"
)

// refCache remembers, within bounds, which imports an account was given, where
// their client_refs stand, and blocks that were read of late.
type refCache struct {
	room int // bytes

	mu     sync.Mutex
	lists  map[string]knownList
	index  map[string]*refIndex // by import
	bytes  int
	tick   int64
	blocks []knownBlock
}

type knownList struct {
	at   time.Time
	list []Import
}

type knownBlock struct {
	name blockName
	at   time.Time
	list []Outcome
}

const (
	// listFor is how long a list of imports counts. One that is sealed meanwhile
	// with an earlier time is seen after that.
	listFor  = time.Second
	listMost = 200
	// blockFor is how long a block of an import that is over counts: late proof
	// can still change it.
	blockFor      = 10 * time.Second
	refBlocksMost = 16
)

func newRefCache(room int) *refCache {
	return &refCache{room: room, lists: map[string]knownList{}, index: map[string]*refIndex{}}
}

func (c *refCache) list(name string, now time.Time, load func() ([]Import, error)) ([]Import, error) {
	c.mu.Lock()
	known, ok := c.lists[name]
	c.mu.Unlock()
	if ok && now.Sub(known.at) < listFor {
		return known.list, nil
	}
	list, err := load()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.lists) >= listMost {
		clear(c.lists)
	}
	c.lists[name] = knownList{now, list}
	return list, nil
}

func (c *refCache) block(name blockName, now time.Time) ([]Outcome, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := slices.IndexFunc(c.blocks, func(b knownBlock) bool { return b.name == name && now.Sub(b.at) < blockFor })
	if k < 0 {
		return nil, false
	}
	return c.blocks[k].list, true
}

func (c *refCache) keepBlock(name blockName, list []Outcome, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocks = slices.DeleteFunc(c.blocks, func(b knownBlock) bool { return b.name == name })
	if len(c.blocks) == refBlocksMost {
		c.blocks = slices.Delete(c.blocks, 0, 1)
	}
	c.blocks = append(c.blocks, knownBlock{name, now, list})
}

// refIndex are the client_refs of one import, sorted, for as long as there is
// room for them.
type refIndex struct {
	once sync.Once
	list []refEntry
	err  error
	size int // bytes
	used int64
}

type refEntry struct {
	print fingerprint.Print
	block uint32
	index uint32
}

const refEntryBytes = 16

// indexOf gives the index of an import of so many refs, to be filled by who
// comes first; nil where it has no room.
func (c *refCache) indexOf(id string, refs int) *refIndex {
	size := refs * refEntryBytes
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tick++
	if x := c.index[id]; x != nil {
		x.used = c.tick
		return x
	}
	if size > c.room {
		return nil
	}
	for c.bytes+size > c.room {
		c.forgetOldest()
	}
	x := &refIndex{used: c.tick, size: size}
	c.index[id] = x
	c.bytes += size
	return x
}

func (c *refCache) forgetOldest() {
	oldest := ""
	for id, x := range c.index {
		if oldest == "" || x.used < c.index[oldest].used {
			oldest = id
		}
	}
	c.bytes -= c.index[oldest].size
	delete(c.index, oldest)
}

func (c *refCache) drop(id string, x *refIndex) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.index[id] == x {
		c.bytes -= x.size
		delete(c.index, id)
	}
}

func (x *refIndex) find(p fingerprint.Print) (places []Place) {
	first := sort.Search(len(x.list), func(i int) bool { return bytes.Compare(x.list[i].print[:], p[:]) >= 0 })
	for _, e := range x.list[first:] {
		if e.print != p {
			break
		}
		places = append(places, Place{int(e.block), int(e.index)})
	}
	return places
}

// columnsAtOnce is how many blocks' columns are read in one step.
const columnsAtOnce = 128

// entries lets use look for the places of fingerprints in an import: in memory,
// or where it has no room there, in its columns, a part after the other from the
// end.
func (b *RefBook) entries(ctx context.Context, i Import, use func(find func(fingerprint.Print) []Place) error) error {
	if x := b.known.indexOf(i.ID, i.Refs); x != nil {
		x.once.Do(func() { x.err = b.fill(context.WithoutCancel(ctx), i, x) })
		if x.err != nil {
			b.known.drop(i.ID, x)
			return x.err
		}
		return use(x.find)
	}
	for end := i.Blocks; end > 0; end -= columnsAtOnce {
		from := max(end-columnsAtOnce, 0)
		columns, err := b.columns(ctx, i, from, end)
		if err != nil {
			return err
		}
		err = use(func(p fingerprint.Print) (places []Place) {
			for k, packed := range columns {
				for _, row := range FindIn(packed, p) {
					places = append(places, Place{from + k, row})
				}
			}
			return places
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *RefBook) columns(ctx context.Context, i Import, from, end int) ([][]byte, error) {
	blocks := make([]int, 0, end-from)
	for n := from; n < end; n++ {
		blocks = append(blocks, n)
	}
	return b.shelf.Columns(ctx, i.ID, RefColumn, blocks)
}

// fill reads an import's columns into memory.
func (b *RefBook) fill(ctx context.Context, i Import, x *refIndex) error {
	x.list = make([]refEntry, 0, i.Refs)
	for from := 0; from < i.Blocks; from += columnsAtOnce {
		columns, err := b.columns(ctx, i, from, min(from+columnsAtOnce, i.Blocks))
		if err != nil {
			return err
		}
		for k, packed := range columns {
			for ; len(packed) >= entrySize && len(x.list) < cap(x.list); packed = packed[entrySize:] {
				e := refEntry{print: fingerprint.Print(packed[:fingerprint.Size]), block: uint32(from + k)}
				e.index = uint32(binary.BigEndian.Uint16(packed[fingerprint.Size:]))
				x.list = append(x.list, e)
			}
		}
	}
	slices.SortFunc(x.list, func(a, b refEntry) int { return bytes.Compare(a.print[:], b.print[:]) })
	return nil
}
