package imports

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"sort"

	"crmferry/internal/fingerprint"
)

// The columns of fingerprints that a block has.
const (
	EmailColumn  = "e"
	PhoneColumn  = "p"
	RefColumn    = "c"
	RemoteColumn = "r" // made when the block is done
)

// A column is the sorted entries of a block: a Print, then the index of the row
// in two bytes.
const entrySize = fingerprint.Size + 2

// ColumnOf is the column in which values of a kind stand.
func ColumnOf(kind fingerprint.Kind) string {
	return map[fingerprint.Kind]string{
		fingerprint.Email: EmailColumn, fingerprint.Phone: PhoneColumn, fingerprint.ClientRef: RefColumn, fingerprint.RemoteID: RemoteColumn,
	}[kind]
}

// Columns are the columns of a block's rows; one that would be empty is not
// there. Rows that are invalid are found by their client_ref alone: the rest of
// them was not understood.
func Columns(key *fingerprint.Key, rows []Row) map[string][]byte {
	var emails, phones, refs column
	for i := range rows {
		c := &rows[i].Input.Contact
		emails.add(i, key.Emails(c)...)
		phones.add(i, key.Phones(c)...)
		if ref := rows[i].ClientRef; ref != "" {
			refs.add(i, key.Of(fingerprint.ClientRef, ref))
		}
	}
	out := map[string][]byte{}
	for name, c := range map[string]column{EmailColumn: emails, PhoneColumn: phones, RefColumn: refs} {
		if len(c) > 0 {
			out[name] = c.packed()
		}
	}
	return out
}

// RemoteIDs is the column of the remote ids of a block's results; nil where
// there are none.
func RemoteIDs(key *fingerprint.Key, results []Result) []byte {
	var c column
	for _, r := range results {
		if r.RemoteID != "" {
			c.add(r.Index, key.Of(fingerprint.RemoteID, r.RemoteID))
		}
	}
	return c.packed()
}

// FindIn gives the rows of a packed column that have the fingerprint, in order.
func FindIn(packed []byte, p fingerprint.Print) (rows []int) {
	n := len(packed) / entrySize
	at := func(i int) []byte { return packed[i*entrySize : (i+1)*entrySize] }
	first := sort.Search(n, func(i int) bool { return bytes.Compare(at(i)[:fingerprint.Size], p[:]) >= 0 })
	for i := first; i < n && bytes.Equal(at(i)[:fingerprint.Size], p[:]); i++ {
		rows = append(rows, int(binary.BigEndian.Uint16(at(i)[fingerprint.Size:])))
	}
	return rows
}

type column []columnEntry

type columnEntry struct {
	print fingerprint.Print
	row   uint16 // a block has a thousand at most
}

func (c *column) add(row int, prints ...fingerprint.Print) {
	for _, p := range prints {
		*c = append(*c, columnEntry{p, uint16(row)})
	}
}

func (c column) packed() []byte {
	if len(c) == 0 {
		return nil
	}
	slices.SortFunc(c, func(a, b columnEntry) int {
		return cmp.Or(bytes.Compare(a.print[:], b.print[:]), cmp.Compare(a.row, b.row))
	})
	out := make([]byte, 0, len(c)*entrySize)
	for _, e := range c {
		out = binary.BigEndian.AppendUint16(append(out, e.print[:]...), e.row)
	}
	return out
}

// Prints makes the columns of blocks: the Fingerprinter of an Intake.
type Prints struct{ Keys *fingerprint.Keys }

// Columns are the columns of a block of a tenant's rows.
func (p Prints) Columns(ctx context.Context, tenant string, rows []Row) (map[string][]byte, error) {
	key, err := p.Keys.For(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return Columns(key, rows), nil
}
