package imports

import (
	"cmp"
	"slices"
	"strings"
)

// ErrorCount says how often a fault occurs.
type ErrorCount struct {
	Code    string `json:"code"`
	Pointer string `json:"pointer" doc:"Where it occurs, with * for the number of an entry; * alone is all places beyond the first hundred"`
	Count   int    `json:"count"`
}

// WarningCount says how often a warning occurs.
type WarningCount struct {
	Field   string `json:"field,omitempty" doc:"The field, with * for the number of an entry; * alone is all fields beyond the first hundred"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Count   int    `json:"count,omitempty" doc:"How often; absent for what is about the request"`
}

const (
	// maxPlaces bounds what is counted apart: in a hostile file every row has a
	// fault at a place of its own.
	maxPlaces = 100
	elsewhere = "*"
)

// tally counts by code and place.
type tally struct {
	at  map[spot]int // index into all
	all []counted
}

type spot struct{ code, place string }

type counted struct {
	spot
	message string // of the first
	count   int
}

func (t *tally) add(code, place, message string) {
	s := spot{code, pattern(place)}
	i, ok := t.at[s]
	if !ok && len(t.all) >= maxPlaces {
		s.place = elsewhere
		i, ok = t.at[s]
	}
	if !ok {
		if t.at == nil {
			t.at = map[spot]int{}
		}
		i = len(t.all)
		t.at[s], t.all = i, append(t.all, counted{spot: s, message: message})
	}
	t.all[i].count++
}

// pattern replaces the numbers of entries: /phone_numbers/3/number becomes
// /phone_numbers/*/number.
func pattern(place string) string {
	if !strings.ContainsAny(place, "0123456789") {
		return place
	}
	steps := strings.Split(place, "/")
	for i, step := range steps {
		if step != "" && strings.Trim(step, "0123456789") == "" {
			steps[i] = elsewhere
		}
	}
	return strings.Join(steps, "/")
}

// sorted gives the counts, the highest first.
func (t *tally) sorted() []counted {
	slices.SortStableFunc(t.all, func(a, b counted) int {
		return cmp.Or(b.count-a.count, strings.Compare(a.place, b.place), strings.Compare(a.code, b.code))
	})
	return t.all
}
