package imports

import (
	"fmt"
	"slices"
	"testing"

	"crmferry/internal/contact"
	"crmferry/internal/fingerprint"
)

func TestColumns(t *testing.T) {
	t.Parallel()
	key := fingerprint.NewKey([]byte("key"))
	rows := make([]Row, 1000)
	for i := range rows {
		rows[i].Input.EmailAddresses = []contact.Email{{Email: fmt.Sprintf("P%d@example.com", i)}, {Email: "all@example.com"}}
	}
	rows[999].Input.PhoneNumbers = []contact.Phone{{Number: "+44 20 7946 0018"}}
	got := Columns(key, rows)
	if len(got) != 2 || len(got[EmailColumn]) != 2000*entrySize || len(got[PhoneColumn]) != entrySize {
		t.Fatalf("%d columns, %d and %d bytes", len(got), len(got[EmailColumn]), len(got[PhoneColumn]))
	}
	find := func(column string, kind fingerprint.Kind, value string) []int {
		return FindIn(got[column], key.Of(kind, kind.Normal(value)))
	}
	for i := range rows {
		if found := find(EmailColumn, fingerprint.Email, fmt.Sprintf("p%d@EXAMPLE.com", i)); !slices.Equal(found, []int{i}) {
			t.Fatalf("row %d: %v", i, found)
		}
	}
	if found := find(EmailColumn, fingerprint.Email, "all@example.com"); len(found) != 1000 || !slices.IsSorted(found) {
		t.Errorf("%d rows of all", len(found))
	}
	if found := find(PhoneColumn, fingerprint.Phone, "0044 20 79460018"); !slices.Equal(found, []int{999}) {
		t.Error(found)
	}
	for _, c := range []string{EmailColumn, PhoneColumn, RefColumn} {
		if found := find(c, fingerprint.Email, "nobody@example.com"); found != nil {
			t.Error(c, found)
		}
	}
}

func TestRemoteIDs(t *testing.T) {
	t.Parallel()
	key := fingerprint.NewKey([]byte("key"))
	packed := RemoteIDs(key, []Result{{Index: 3, RemoteID: "b"}, {Index: 4}, {Index: 700, RemoteID: "a"}})
	for id, want := range map[string][]int{"a": {700}, "b": {3}, "c": nil, "": nil} {
		if got := FindIn(packed, key.Of(fingerprint.RemoteID, id)); !slices.Equal(got, want) {
			t.Errorf("%s: %v", id, got)
		}
	}
	if RemoteIDs(key, []Result{{Index: 1}}) != nil {
		t.Error("a column of nothing")
	}
}

func BenchmarkColumns(b *testing.B) {
	key := fingerprint.NewKey(make([]byte, 32))
	rows := make([]Row, 1000)
	for i := range rows {
		rows[i].ClientRef = fmt.Sprint(i)
		rows[i].Input.EmailAddresses = []contact.Email{{Email: fmt.Sprintf("p%d@example.com", i)}}
		rows[i].Input.PhoneNumbers = []contact.Phone{{Number: fmt.Sprintf("+44 20 7946 %04d", i)}}
	}
	for b.Loop() {
		Columns(key, rows)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/row")
}
