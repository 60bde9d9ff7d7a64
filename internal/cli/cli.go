// Package cli is the command-line client of a Ferry API: it imports files. It
// knows nothing but HTTP.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// The exit codes.
const (
	OK       = 0
	RowsFail = 1   // the import is over, and not every row succeeded
	Unable   = 2   // it could not be done, or not to its end
	Left     = 130 // the user left; the import goes on
)

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Terminal: Err shows a progress bar.
	Terminal bool
	// Width is the terminal's in columns.
	Width int
}

// Import uploads the file that args name and follows the import to its end. It
// gives an exit code.
func Import(ctx context.Context, args []string, environ map[string]string, s Streams) int {
	o, err := parse(args, environ, s.Err)
	if err != nil {
		fmt.Fprintln(s.Err, "import:", err)
		return Unable
	}
	if o == nil { // help was asked for
		return OK
	}
	c := newClient(o.url, o.token)
	r := &run{options: o, client: c, Streams: s}
	code, err := r.all(ctx)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(s.Err, "import:", err)
	}
	return code
}

// run is one invocation.
type run struct {
	*options
	*client
	Streams
}

func (r *run) all(ctx context.Context) (int, error) {
	id := r.follow
	if id == "" {
		i, err := r.upload(ctx)
		if ctx.Err() != nil {
			fmt.Fprintln(r.Err, "\nThe upload was broken off; nothing was imported.")
			return Left, ctx.Err()
		}
		if err != nil {
			return Unable, err
		}
		if id = i.ID; i.Status == "ready" {
			return OK, r.ready(i)
		}
		fmt.Fprintf(r.Err, "%s: %s rows were taken in.\n", id, grouped(i.Counts.Total))
	}
	i, err := r.watch(ctx, id)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintf(r.Err, "\nThe import goes on without you. To see it again: import -follow %s\n", id)
		return Left, ctx.Err()
	case err != nil:
		return Unable, err
	}
	return r.end(ctx, i)
}

// ready tells of an import that waits for its start.
func (r *run) ready(i *imported) error {
	fmt.Fprintf(r.Err, "%s is ready and waits for its start. Nothing was sent yet.\n", i.ID)
	if i.Report != nil {
		fmt.Fprintf(r.Err, "%s rows, %s of them invalid", grouped(i.Report.Rows.Total), grouped(i.Report.Rows.Invalid))
		if e := i.Report.Expected; e != nil {
			fmt.Fprintf(r.Err, "; about %s calls to the CRM", grouped(e.Calls))
		}
		fmt.Fprintln(r.Err)
		for _, e := range i.Report.Errors[:min(len(i.Report.Errors), 10)] {
			fmt.Fprintf(r.Err, "  line %d %s: %s\n", e.Line, e.Pointer, e.Message)
		}
	}
	fmt.Fprintf(r.Err, "To start it: POST %s/imports/%s/start\n", r.client.base, i.ID)
	fmt.Fprintln(r.Out, i.ID)
	return nil
}

// end tells what became of the rows, and writes those that failed to a file.
func (r *run) end(ctx context.Context, i *imported) (int, error) {
	c := i.Counts
	fmt.Fprintf(r.Err, "%s: %s. %s rows: %s created, %s matched, %s updated, %s skipped, %s failed, %s unknown, %s cancelled.\n", i.ID, i.Status,
		grouped(c.Total), grouped(c.Created), grouped(c.Matched), grouped(c.Updated), grouped(c.Skipped), grouped(c.Failed), grouped(c.Unknown), grouped(c.Cancelled))
	fmt.Fprintln(r.Out, i.ID)
	if i.Status == "paused" {
		return Unable, fmt.Errorf("it is paused (%s); resume it with POST %s/imports/%s/resume", i.PausedBecause, r.client.base, i.ID)
	}
	if i.Error != nil {
		return Unable, errors.New(i.Error.Message)
	}
	if c.Failed > 0 {
		if err := r.keepFailed(ctx, i.ID); err != nil {
			return RowsFail, err
		}
	}
	if c.Failed+c.Unknown+c.Cancelled > 0 {
		return RowsFail, nil
	}
	return OK, nil
}

// keepFailed writes the rows that failed to a file that can be imported again,
// beside it their reasons.
func (r *run) keepFailed(ctx context.Context, id string) error {
	rows, reasons := r.failed, r.failed+".reasons.csv"
	for path, format := range map[string]string{rows: "original", reasons: "csv"} {
		if err := r.download(ctx, "/imports/"+id+"/results?status=failed&format="+format, path); err != nil {
			return err
		}
	}
	fmt.Fprintf(r.Err, "The rows that failed are in %s, why in %s.\n", rows, reasons)
	return nil
}

func (r *run) download(ctx context.Context, path, name string) (err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return r.fetch(ctx, path, f)
}
