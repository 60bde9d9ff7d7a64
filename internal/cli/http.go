package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// client speaks to the API.
type client struct {
	base, token string
	http        *http.Client
}

func newClient(base, token string) *client {
	return &client{base: base, token: token, http: &http.Client{}}
}

// imported is an import as the API tells it.
type imported struct {
	ID, Status string
	Counts     struct {
		Total, Pending, Succeeded, Failed, Unknown, Cancelled, Skipped, Created, Matched, Updated int
	}
	Rate              float64
	EstimatedFinishAt time.Time `json:"estimated_finish_at"`
	WaitingFor        string    `json:"waiting_for"`
	PausedBecause     string    `json:"paused_because"`
	Error             *struct{ Message string }
	Report            *struct {
		Rows   struct{ Total, Invalid int }
		Errors []struct {
			Line             int
			Pointer, Message string
		}
		Expected *struct{ Calls int }
	}
}

// refusal is a problem that the API answered with.
type refusal struct {
	status int
	text   string
	wait   time.Duration
}

func (r *refusal) Error() string { return r.text }

// passing: the same request may succeed later.
func (r *refusal) passing() bool {
	return r.status == http.StatusConflict && r.wait > 0 || r.status == 429 || r.status >= 502 && r.status <= 504
}

func (c *client) do(ctx context.Context, method, path string, body io.Reader, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 400 {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	return nil, problemOf(resp)
}

// problemOf tells what is wrong in one or a few lines.
func problemOf(resp *http.Response) error {
	const most = 10
	var p struct {
		Title, Detail string
		Errors        []struct {
			Pointer, Message string
			Line             int
		}
	}
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if json.Unmarshal(raw, &p) != nil || p.Title == "" {
		p.Title = resp.Status
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s. %s", p.Title, p.Detail)
	for i, e := range p.Errors {
		if i == most {
			fmt.Fprintf(&text, "\n  and %d more", len(p.Errors)-most)
			break
		}
		text.WriteString("\n  ")
		if e.Line > 0 {
			fmt.Fprintf(&text, "line %d ", e.Line)
		}
		fmt.Fprintf(&text, "%s %s", e.Pointer, e.Message)
	}
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	return &refusal{status: resp.StatusCode, text: text.String(), wait: time.Duration(seconds) * time.Second}
}

func (c *client) show(ctx context.Context, id string) (*imported, error) {
	resp, err := c.do(ctx, "GET", "/imports/"+id, nil, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	i := &imported{}
	return i, json.NewDecoder(resp.Body).Decode(i)
}

// fetch writes an answer's body to w.
func (c *client) fetch(ctx context.Context, path string, w io.Writer) error {
	resp, err := c.do(ctx, "GET", path, nil, nil)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(w, resp.Body)
	return err
}

// tries is how often an upload is begun again that broke off.
const tries = 5

// upload sends the file. One that broke off is sent again under the same key, so
// that there is one import whatever became of the first try.
func (r *run) upload(ctx context.Context) (*imported, error) {
	for try := 1; ; try++ {
		i, err := r.send(ctx)
		var no *refusal
		refused := errors.As(err, &no)
		if err == nil || ctx.Err() != nil || try == tries || r.file == "-" || refused && !no.passing() || errors.Is(err, os.ErrNotExist) {
			return i, err
		}
		wait := time.Duration(try) * time.Second
		if refused {
			wait = max(wait, no.wait)
		}
		fmt.Fprintf(r.Err, "\nThe upload broke off (%v); once more in %s.\n", err, wait)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (r *run) send(ctx context.Context) (*imported, error) {
	in, size := r.In, int64(0)
	if r.file != "-" {
		f, err := os.Open(r.file)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		if st, err := f.Stat(); err == nil {
			size = st.Size()
		}
		in = f
	}
	bar := &bar{Streams: r.Streams}
	body := &counted{r: in, told: func(n int64) { bar.uploaded(n, size) }}
	resp, err := r.do(ctx, "POST", "/unified/crm/contacts/imports?"+r.query.Encode(), body,
		http.Header{"Content-Type": {r.media}, "Idempotency-Key": {r.key}})
	bar.clear()
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	i := &imported{}
	return i, json.NewDecoder(resp.Body).Decode(i)
}

// counted tells how much was read.
type counted struct {
	r    io.Reader
	n    int64
	told func(int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.told(c.n)
	return n, err
}
