package connectortest

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// most bounds the mutants of one connector.
const most = 80

// mutations decodes answers of testdata that were cut short, or in which one
// value is another.
func mutations(t testing.TB, b *bench, lines []line) {
	t.Helper()
	total := 0
	mutate(lines, func(line, func() []byte) { total++ })
	n := 0
	mutate(lines, func(l line, body func() []byte) {
		if n++; n%(1+total/most) == 0 {
			mutant := body()
			b.chew(t, l.op, b.instead(l.op, l.reply.Status, mutant), mutant)
		}
	})
}

// mutate shows every mutant of every answer; body makes it.
func mutate(lines []line, show func(l line, body func() []byte)) {
	for _, l := range lines {
		if l.reply != nil {
			mutants(l.reply.Body, func(body func() []byte) { show(l, body) })
		}
	}
}

// mutants shows copies of a body, cut short or with one value changed.
func mutants(body []byte, show func(func() []byte)) {
	for n := range 8 {
		show(func() []byte { return body[:len(body)*n/8] })
	}
	root := tree(body)
	change(root, func() {
		show(func() []byte {
			raw, _ := json.Marshal(root) // it was decoded from JSON
			return raw
		})
	})
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
