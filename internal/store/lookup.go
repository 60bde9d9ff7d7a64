package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"crmferry/internal/fingerprint"
	"crmferry/internal/imports"
	"crmferry/internal/job"
)

// Lookup finds a tenant's jobs and rows of imports in which somebody was
// written, the newest first. Nothing is found that has no fingerprints.
func (s *Store) Lookup(ctx context.Context, tenant string, q imports.Sought) (imports.Sightings, error) {
	var page imports.Sightings
	if s.prints == nil {
		return page, nil
	}
	key, err := s.prints.For(ctx, tenant)
	if err != nil {
		return page, full(err)
	}
	l := &lookup{Store: s, imports: s.Imports(), ctx: ctx, tenant: tenant, sought: q, print: key.Of(q.Kind, q.Value)}
	if q.Cursor != "" {
		after, err := parseSpot(q.Cursor)
		if err != nil {
			return page, err
		}
		l.after = &after
	}
	var last spot
	for found, err := range merged(l.jobs, l.rows) {
		if err != nil {
			return imports.Sightings{}, err
		}
		if len(page.List) == q.Limit {
			page.Next = last.cursor()
			break
		}
		page.List, last = append(page.List, found.Sighting), found.at
	}
	return page, nil
}

// lookup is one search for one person.
type lookup struct {
	*Store
	imports *Imports
	ctx     context.Context
	tenant  string
	sought  imports.Sought
	print   fingerprint.Print
	after   *spot
}

// sighting is one with its place among all.
type sighting struct {
	at spot
	imports.Sighting
}

// spot is a place in the order of what is found: the newest first, and the rows
// of one import as they stand in it.
type spot struct {
	ms           int64
	id           string
	block, index int
}

func (p spot) compare(o spot) int {
	return cmp.Or(cmp.Compare(o.ms, p.ms), strings.Compare(o.unique(), p.unique()), cmp.Compare(p.block, o.block), cmp.Compare(p.index, o.index))
}

// unique is the UUID in an id: those of one process rise within a millisecond.
func (p spot) unique() string { return p.id[max(len(p.id)-26, 0):] }

// beyond says whether a place is on the page that is asked for, or after it.
func (l *lookup) beyond(p spot) bool { return l.after == nil || p.compare(*l.after) > 0 }

func (p spot) cursor() string { return fmt.Sprintf("%d.%s.%d.%d", p.ms, p.id, p.block, p.index) }

func parseSpot(text string) (p spot, err error) {
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return p, job.ErrCursor
	}
	var errs [3]error
	p.id = parts[1]
	p.ms, errs[0] = strconv.ParseInt(parts[0], 10, 64)
	p.block, errs[1] = strconv.Atoi(parts[2])
	p.index, errs[2] = strconv.Atoi(parts[3])
	if errors.Join(errs[:]...) != nil {
		return p, job.ErrCursor
	}
	return p, nil
}

// merged is what both give, in order. Neither is asked for more than is wanted.
func merged(a, b iter.Seq2[sighting, error]) iter.Seq2[sighting, error] {
	return func(yield func(sighting, error) bool) {
		nextA, stopA := iter.Pull2(a)
		defer stopA()
		nextB, stopB := iter.Pull2(b)
		defer stopB()
		x, errX, okX := nextA()
		y, errY, okY := nextB()
		for okX || okY {
			if errX != nil || errY != nil {
				yield(sighting{}, errors.Join(errX, errY))
				return
			}
			if okX && (!okY || x.at.compare(y.at) < 0) {
				if !yield(x, nil) {
					return
				}
				x, errX, okX = nextA()
				continue
			}
			if !yield(y, nil) {
				return
			}
			y, errY, okY = nextB()
		}
	}
}
