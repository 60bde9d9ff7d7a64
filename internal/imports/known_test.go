package imports

import "testing"

// spread makes a hash of a number, all different.
func spread(i int) uint64 { return uint64(i+1) * 0x9e3779b97f4a7c15 }

func TestLines(t *testing.T) {
	t.Parallel()
	var l lines
	for i := range 3 * fewMost { // beyond the map into the table
		if first, again, room := l.first(spread(i), i+1); again || !room {
			t.Fatalf("number %d is new, but came in line %d", i, first)
		}
	}
	for i := range 3 * fewMost {
		if first, again, _ := l.first(spread(i), 99_999_999); !again || first != i+1 {
			t.Fatalf("number %d came in line %d, not in %d", i, i+1, first)
		}
	}
}

func TestLinesFillUp(t *testing.T) {
	t.Parallel()
	l := lines{table: make([]uint64, tableSize)}
	for i := range tableMost {
		if _, again, room := l.first(spread(i), 1<<30); again || !room {
			t.Fatal("no room at", i)
		}
	}
	if _, again, room := l.first(spread(tableMost), 1); again || room {
		t.Error("there is room beyond the bound")
	}
	if first, again, _ := l.first(spread(7), 1); !again || first != 0 {
		t.Errorf("what came before: line %d, %v; it is too far into the file to tell", first, again)
	}
}

func TestHashesThatDifferAboveAlone(t *testing.T) {
	t.Parallel()
	l := lines{table: make([]uint64, tableSize)}
	for i := range uint64(100) { // one place in the table for all
		if _, again, _ := l.first(i<<lineBits, int(i)+1); again {
			t.Fatal(i)
		}
	}
	if first, again, _ := l.first(42<<lineBits, 1000); !again || first != 43 {
		t.Error(first, again)
	}
}
