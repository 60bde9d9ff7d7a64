package api

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/fault"
	"crmferry/internal/imports"
	"crmferry/internal/imports/parse"
	"crmferry/internal/job"
)

func decodeBody(a *http.Response, v any) error { return json.NewDecoder(a.Body).Decode(v) }

// lines lists the rows of an answer in NDJSON as "line status".
func (h *importHarness) rows(t *testing.T, id, query string) []string {
	t.Helper()
	a := h.ask(t, "GET", importsRoot+"/"+id+"/results"+query, "").wantStatus(t, 200)
	out := []string{}
	for dec := json.NewDecoder(a.Body); ; {
		var r resultView
		err := dec.Decode(&r)
		if errors.Is(err, io.EOF) {
			return out
		}
		check(t, err)
		out = append(out, fmt.Sprintf("%d %s", r.Line, r.Status))
	}
}

// mixed is an import of ten rows in blocks of four, of which the first is done.
func (h *importHarness) mixed(t *testing.T) string {
	t.Helper()
	id := h.kept(t, imports.Running, 4, rowsOfPeople(10))
	h.carry(t, id, 7, func(k int) imports.Result {
		switch k {
		case 1, 5:
			return failed(k)
		case 2:
			return imports.Result{Status: imports.RowUnknown, Error: fault.New(fault.OutcomeUnknown, "", "?")}
		case 3:
			return imports.Result{Status: imports.RowSkipped, RemoteID: "511"}
		default:
			return created(k)
		}
	})
	return id
}

func TestResultsAreFilteredInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	id := h.mixed(t)
	all := []string{
		"2 succeeded", "3 failed", "4 unknown", "5 skipped", "6 succeeded", "7 failed", "8 succeeded", "9 pending", "10 pending", "11 pending",
	}
	for query, want := range map[string][]string{
		"": all, "?status=failed": {all[1], all[5]}, "?status=failed,unknown": {all[1], all[2], all[5]}, "?line=4": {all[2]}, "?line=9": {all[7]},
		"?line=99": {}, "?line=1": {}, "?client_ref=ref-5": {all[5]}, "?client_ref=ref-5&status=pending": {}, "?status=pending": all[7:],
	} {
		if diff := cmp.Diff(want, h.rows(t, id, query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	h.ask(t, "POST", importsRoot+"/"+id+"/cancel", "").wantStatus(t, 200)
	if diff := cmp.Diff([]string{"9 cancelled", "10 cancelled", "11 cancelled"}, h.rows(t, id, "?status=cancelled")); diff != "" {
		t.Errorf("cancelled: %s", diff)
	}
}

func TestBadResultQueries(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	id := h.mixed(t)
	for query, want := range map[string]string{
		"?status=done": "query.status", "?status=": "query.status", "?line=0": "query.line", "?line=x": "query.line", "?line=1&line=2": "query.line",
		"?format=xml": "query.format", "?client_ref=": "query.client_ref", "?states=failed": "query.states",
	} {
		a := h.ask(t, "GET", importsRoot+"/"+id+"/results"+query, "").wantStatus(t, 422)
		if f := a.faults(); len(f) == 0 || !strings.HasPrefix(f[0], want+" ") {
			t.Errorf("%s: %v", query, f)
		}
	}
}

func TestResultsAsASpreadsheet(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	rows := rowsOfPeople(3)
	rows[0].ClientRef, rows[1].ClientRef = `=HYPERLINK("http://evil.example")`, "a,\"b\"\nc"
	id := h.kept(t, imports.Running, 10, rows)
	h.carry(t, id, 3, func(k int) imports.Result {
		r := failed(k)
		r.RemoteID, r.Error.Message = []string{"+1", "-1", "@x"}[k], "=cmd|' /C calc'!A0"
		r.Metadata = json.RawMessage(`{"a":1}`)
		return r
	})
	a := h.ask(t, "GET", importsRoot+"/"+id+"/results?format=csv&status=failed", "").wantStatus(t, 200)
	if media := a.Header().Get("Content-Type"); !strings.HasPrefix(media, "text/csv") {
		t.Error(media)
	}
	if name := a.Header().Get("Content-Disposition"); name != `attachment; filename="`+id+`-failed.csv"` {
		t.Error(name)
	}
	table, err := csv.NewReader(a.Body).ReadAll()
	check(t, err)
	if len(table) != 4 {
		t.Fatalf("%d lines", len(table))
	}
	for k, want := range map[int]string{1: `'=HYPERLINK("http://evil.example")`, 4: "'+1", 7: "'=cmd|' /C calc'!A0", 10: "false", 12: `{"a":1}`} {
		if got := table[1][k]; got != want {
			t.Errorf("%s: %q, want %q", table[0][k], got, want)
		}
	}
	if table[2][1] != "a,\"b\"\nc" || table[2][4] != "'-1" || table[3][4] != "'@x" {
		t.Errorf("%q", table)
	}
	if empty := h.ask(t, "GET", importsRoot+"/"+id+"/results?format=csv&status=unknown", "").wantStatus(t, 200); !strings.HasPrefix(empty.Body.String(), "line,client_ref,status") {
		t.Errorf("without rows: %q", empty.Body)
	}
}

// files are four rows in each format, of which the second and fourth are to
// fail. The array stands in one line.
func files() map[parse.Format]string {
	person := func(k int) string {
		return fmt.Sprintf(`{"first_name":"Ada %d","email_addresses":["ada%d@example.com"]}`, k, k)
	}
	card := func(k int) string {
		return fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada %d\r\nN:;Ada %d;;;\r\nEMAIL:ada%d@example.com\r\nEND:VCARD\r\n", k, k, k)
	}
	return map[parse.Format]string{
		parse.NDJSON: person(1) + "\n" + person(2) + "\n" + person(3) + "\n" + person(4) + "\n",
		parse.JSON:   "[" + person(1) + "," + person(2) + "," + person(3) + "," + person(4) + "]",
		parse.CSV:    "First name;E-mail\r\nAda 1;ada1@example.com\r\n\"Ada\n2\";ada2@example.com\r\nAda 3;ada3@example.com\r\nAda 4;ada4@example.com\r\n",
		parse.VCard:  card(1) + card(2) + card(3) + card(4),
	}
}

func (h *importHarness) upload(t *testing.T, media, body string) string {
	t.Helper()
	a := h.ask(t, "POST", importsPath+"?integrated_account_id="+fullAccount, body, "Content-Type", media)
	return a.wantStatus(t, 202).id(t)
}

func inputs(t *testing.T, media, body string) (out []any) {
	t.Helper()
	in, err := parse.Open(strings.NewReader(body), media, "", parse.Options{})
	check(t, err)
	for row, err := range in.Rows() {
		check(t, err)
		out = append(out, row.Input)
	}
	return out
}

func second(k int) imports.Result { return every(2)(k + 1) }

// TestTheRowsThatFailedCanBePostedBack, in every format, whether their block is
// done or not.
func TestTheRowsThatFailedCanBePostedBack(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	for format, file := range files() {
		media := format.MediaType()
		whole := inputs(t, media, file)
		for _, n := range []int{2, 4} {
			id := h.upload(t, media, file)
			h.carry(t, id, n, second)
			a := h.ask(t, "GET", importsRoot+"/"+id+"/results?format=original&status=failed", "").wantStatus(t, 200)
			if got := a.Header().Get("Content-Type"); !strings.HasPrefix(got, media) {
				t.Errorf("%s: %s", format, got)
			}
			back := a.Body.String()
			want := []any{whole[1]}
			if n == 4 {
				want = append(want, whole[3])
			}
			if diff := cmp.Diff(want, inputs(t, media, back)); diff != "" {
				t.Errorf("%s after %d rows: %s\n%s", format, n, diff, back)
			}
			again := h.upload(t, media, back)
			if got := h.show(t, again).counts(); got != fmt.Sprintf("total %d, pending %d", n/2, n/2) {
				t.Errorf("%s posted back: %s", format, got)
			}
		}
	}
}

func TestRetryTakesUpTheRowsThatFailed(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	for format, file := range files() {
		media := format.MediaType()
		whole := inputs(t, media, file)
		id := h.upload(t, media, file)
		h.ask(t, "POST", importsRoot+"/"+id+"/retry", "").wantStatus(t, 409)
		h.carry(t, id, 4, second)
		h.end(t, id)
		a := h.ask(t, "POST", importsRoot+"/"+id+"/retry", "").wantStatus(t, 202)
		if a.json["retry_of"] != id || a.counts() != "total 2, pending 2" || a.json["status"] != "running" {
			t.Errorf("%s: %s", format, a.Body)
		}
		rows, err := h.store.Block(t.Context(), a.id(t), 0)
		check(t, err)
		if diff := cmp.Diff(whole[1], any(rows[0].Input)); diff != "" {
			t.Errorf("%s: the first is %s", format, diff)
		}
		if diff := cmp.Diff(whole[3], any(rows[1].Input)); diff != "" {
			t.Errorf("%s: the second is %s", format, diff)
		}
	}
}

func TestRetryOfOtherRowsIsAskedFor(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	id := h.mixed(t)
	h.ask(t, "POST", importsRoot+"/"+id+"/cancel", "").wantStatus(t, 200)
	for query, want := range map[string]string{
		"": "total 2, pending 2", "?accept_duplicate_risk=true": "total 3, pending 3", "?include=cancelled": "total 5, pending 5",
		"?include=cancelled&accept_duplicate_risk=true": "total 6, pending 6",
	} {
		if got := h.ask(t, "POST", importsRoot+"/"+id+"/retry"+query, "").wantStatus(t, 202).counts(); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
	h.ask(t, "POST", importsRoot+"/"+id+"/retry?include=all", "").wantStatus(t, 422)
	done := h.inState(t, imports.Completed)
	h.ask(t, "POST", importsRoot+"/"+done+"/retry", "").wantStatus(t, 409)
}

// slowReader takes an answer as it comes, and looks how far the store was read.
type slowReader struct {
	*httptest.ResponseRecorder
	store *shelf
	lines int64
	ahead int64
}

func (s *slowReader) Write(p []byte) (int, error) {
	s.lines += int64(bytes.Count(p, []byte("\n")))
	s.ahead = max(s.ahead, s.store.blocks.Load()-s.lines/1000)
	return len(p), nil
}

// TestManyResultsAreNotHeld: of 30,000 rows never more is read than the client
// took, and one block.
func TestManyResultsAreNotHeld(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	const n = 30_000
	id := h.kept(t, imports.Running, 1000, rowsOfPeople(n))
	h.packed(t, id, 1000, n)
	h.store.blocks.Store(0)
	w := &slowReader{ResponseRecorder: httptest.NewRecorder(), store: h.store}
	h.handler.ServeHTTP(w, request(t, "GET", importsRoot+"/"+id+"/results"))
	if w.lines != n || w.ahead > 2 {
		t.Errorf("%d lines, %d blocks ahead", w.lines, w.ahead)
	}
	h.store.blocks.Store(0)
	if got := h.rows(t, id, "?line=20002"); len(got) != 1 || h.store.blocks.Load() > 8 {
		t.Errorf("one line: %v after %d of 30 blocks", got, h.store.blocks.Load())
	}
}

// TestABreakIsSeen: half an answer is not taken for a whole one.
func TestABreakIsSeen(t *testing.T) {
	t.Parallel()
	h := newImportHarness(t)
	id := h.kept(t, imports.Running, 1000, rowsOfPeople(3000))
	h.carry(t, id, 3000, func(int) imports.Result {
		return imports.Result{Status: imports.RowSucceeded, Outcome: job.Created, RemoteID: strings.Repeat("5", 100)}
	})
	srv := h.served(t)
	h.store.breaks.Store(3)
	a, err := srv.Client().Do(request(t, "GET", srv.URL+importsRoot+"/"+id+"/results"))
	check(t, err)
	defer func() { _ = a.Body.Close() }()
	lines := 0
	in := bufio.NewScanner(a.Body)
	for in.Scan() {
		lines++
	}
	if in.Err() == nil || lines < 1000 {
		t.Errorf("%d lines, then %v", lines, in.Err())
	}
	h.store.breaks.Store(1)
	h.ask(t, "GET", importsRoot+"/"+id+"/results", "").wantStatus(t, 500)
}
