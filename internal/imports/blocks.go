package imports

import (
	"context"
	"slices"
	"sync"
)

// blocks remembers the blocks that the turns of this process work on: slices of
// one block are taken by several.
type blocks struct {
	mu   sync.Mutex
	held []*held
}

type held struct {
	id    string
	block int
	once  sync.Once
	rows  []Row
	err   error
}

// blocksMost bounds the blocks that are remembered.
const blocksMost = 16

func (b *blocks) get(ctx context.Context, book blockSource, id string, block int) ([]Row, error) {
	h := b.find(id, block)
	h.once.Do(func() { h.rows, h.err = book.Block(context.WithoutCancel(ctx), id, block) })
	if h.err != nil {
		b.drop(h)
	}
	return h.rows, h.err
}

func (b *blocks) find(id string, block int) *held {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, h := range b.held {
		if h.id == id && h.block == block {
			return h
		}
	}
	if len(b.held) == blocksMost {
		b.held = slices.Delete(b.held, 0, 1)
	}
	h := &held{id: id, block: block}
	b.held = append(b.held, h)
	return h
}

func (b *blocks) drop(h *held) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = slices.DeleteFunc(b.held, func(o *held) bool { return o == h })
}

type blockSource interface {
	Block(ctx context.Context, id string, block int) ([]Row, error)
}
