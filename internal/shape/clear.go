package shape

import (
	"maps"
	"slices"
)

// Whole writes the named members that an object leaves out as null, if it sets
// one of them at all: an update that writes an address anew must not keep
// parts of the old one.
func Whole[T any](o Open[T], names ...string) Open[T] {
	set := members(o)
	if !slices.ContainsFunc(names, func(name string) bool { return set[name] != nil }) {
		return o
	}
	more := map[string]any{}
	maps.Copy(more, o.More)
	for _, name := range names {
		if set[name] == nil {
			more[name] = nil
		}
	}
	return Open[T]{Known: o.Known, More: more}
}
