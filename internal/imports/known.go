package imports

import (
	"hash/maphash"
	"slices"

	"crmferry/internal/contact"
	"crmferry/internal/imports/parse"
)

// Duplicates tells of rows that repeat a person of the same file.
type Duplicates struct {
	Checked  bool        `json:"checked" doc:"false: the file holds more people than are kept track of, and only those up to there were compared"`
	Rows     int         `json:"rows" doc:"Rows that repeat an earlier one"`
	Examples []Duplicate `json:"examples" doc:"The first 20 of them"`
}

// Duplicate is a row that repeats an earlier one.
type Duplicate struct {
	Line  int    `json:"line"`
	First int    `json:"first_line,omitempty" doc:"Where the person stands first; absent beyond line 16,777,214"`
	By    string `json:"by" enum:"email_addresses,client_ref" doc:"What both have in common"`
}

// known remembers the people of a file by hashes.
type known struct {
	seed  maphash.Seed
	lines lines
	found Duplicates
}

func newKnown() *known {
	return &known{seed: maphash.MakeSeed(), found: Duplicates{Checked: true, Examples: []Duplicate{}}}
}

func (k *known) add(row parse.Row) {
	by, first := "", 0
	see := func(kind, what string) {
		line, again, room := k.lines.first(maphash.String(k.seed, kind+"\x00"+what), row.Line)
		k.found.Checked = k.found.Checked && room
		if again && by == "" {
			by, first = kind, line
		}
	}
	if row.ClientRef != "" {
		see("client_ref", row.ClientRef)
	}
	keys := make([]string, 0, 4)
	for _, e := range row.Input.EmailAddresses {
		if key := contact.EmailKey(e.Email); !slices.Contains(keys, key) { // a row does not repeat itself
			keys = append(keys, key)
			see("email_addresses", key)
		}
	}
	if by == "" {
		return
	}
	k.found.Rows++
	if len(k.found.Examples) < maxExamples {
		k.found.Examples = append(k.found.Examples, Duplicate{row.Line, first, by})
	}
}

const (
	// fewMost hashes are kept in a map; after that a table of 16 MiB takes over,
	// which is full at three quarters: 1.5 million hashes.
	fewMost   = 1 << 14
	tableSize = 1 << 21
	tableMost = tableSize / 4 * 3

	// A word of the table is the upper part of a hash and a line. The lower part
	// of the hash is where in the table it stands.
	lineBits = 24
	lineMask = 1<<lineBits - 1
)

// lines knows in which line each hash came first.
type lines struct {
	few   map[uint64]int
	table []uint64
	n     int
}

// first notes a hash, or tells where it came before; 0 is a line too far into
// the file to tell. Without room it notes nothing more.
func (l *lines) first(hash uint64, line int) (first int, again, room bool) {
	if l.table != nil {
		return l.firstOfMany(hash, line)
	}
	if first, again = l.few[hash]; again {
		return first, true, true
	}
	if l.few == nil {
		l.few = map[uint64]int{}
	}
	l.few[hash] = line
	if len(l.few) == fewMost {
		l.table = make([]uint64, tableSize)
		for hash, line := range l.few {
			l.firstOfMany(hash, line)
		}
		l.few = nil
	}
	return 0, false, true
}

func (l *lines) firstOfMany(hash uint64, line int) (first int, again, room bool) {
	for i := hash % tableSize; ; i = (i + 1) % tableSize {
		switch word := l.table[i]; {
		case word == 0 && l.n == tableMost:
			return 0, false, false
		case word == 0:
			l.table[i] = hash&^lineMask | uint64(min(line, lineMask))
			l.n++
			return 0, false, true
		case word&^lineMask == hash&^lineMask:
			if first = int(word & lineMask); first == lineMask {
				first = 0
			}
			return first, true, true
		}
	}
}
