package connectortest

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// most bounds the mutants of one connector.
const most = 200

// mutations decodes answers of testdata that were cut short, or in which one
// value is another.
func mutations(t testing.TB, b *bench, lines []line) {
	t.Helper()
	type mutant struct {
		line
		body []byte
	}
	var all []mutant
	for _, l := range lines {
		if l.reply == nil {
			continue
		}
		for _, body := range mutants(l.reply.Body) {
			all = append(all, mutant{l, body})
		}
	}
	for i := 0; i < len(all); i += 1 + len(all)/most {
		m := all[i]
		b.chew(t, m.op, b.instead(m.op, m.reply.Status, m.body), m.body)
	}
}

// mutants are copies of a body, cut short or with one value changed.
func mutants(body []byte) [][]byte {
	var list [][]byte
	for n := range 8 {
		list = append(list, body[:len(body)*n/8])
	}
	root := tree(body)
	change(root, func() {
		if raw, err := json.Marshal(root); err == nil {
			list = append(list, raw)
		}
	})
	return list
}

// change puts others in the place of each value in turn, and takes it out of
// an object.
func change(v any, changed func()) {
	switch node := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(node)) {
			value := node[key]
			for _, other := range others() {
				node[key] = other
				changed()
			}
			delete(node, key)
			changed()
			node[key] = value
			change(value, changed)
		}
	case []any:
		for i, value := range node {
			for _, other := range others() {
				node[i] = other
				changed()
			}
			node[i] = value
			change(value, changed)
		}
	}
}

// others are values of all types.
func others() []any { return []any{nil, true, -1.5, "x\u0000", []any{}, []any{nil}, map[string]any{}} }
