package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	lookEvery = 500 * time.Millisecond
	// lineEvery is how often a line is written where there is no terminal.
	lineEvery = 10 * time.Second
	// patience is for how long the API may be away meanwhile.
	patience = 5 * time.Minute
)

// watch follows an import until it is over or paused.
func (r *run) watch(ctx context.Context, id string) (*imported, error) {
	bar := &bar{Streams: r.Streams}
	defer bar.clear()
	seen := time.Now()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		i, err := r.show(ctx, id)
		var no *refusal
		switch {
		case err == nil:
			seen = time.Now()
			bar.carried(i)
			if i.Status == "paused" || i.Status == "completed" || i.Status == "cancelled" || i.Status == "failed" {
				return i, nil
			}
		case errors.As(err, &no) && !no.passing(), ctx.Err() != nil, time.Since(seen) > patience:
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// bar shows progress: as a bar in a terminal, as lines elsewhere.
type bar struct {
	Streams
	shown bool
	told  time.Time
}

func (b *bar) uploaded(n, size int64) {
	if !b.Terminal || time.Since(b.told) < lookEvery/5 {
		return
	}
	text := "uploading " + bytes(n)
	share := -1.0
	if size > 0 {
		share = float64(n) / float64(size)
		text += " of " + bytes(size)
	}
	b.draw(share, text)
}

func (b *bar) carried(i *imported) {
	c := i.Counts
	settled := c.Total - c.Pending
	text := fmt.Sprintf("%s of %s", grouped(settled), grouped(c.Total))
	if i.Rate > 0 {
		text += fmt.Sprintf("  %s/s", grouped(int(i.Rate+0.5)))
	}
	if left := time.Until(i.EstimatedFinishAt); !i.EstimatedFinishAt.IsZero() && left > 0 && c.Pending > 0 {
		text += "  " + left.Round(time.Second).String() + " left"
	}
	if c.Failed > 0 {
		text += "  " + grouped(c.Failed) + " failed"
	}
	if i.WaitingFor != "" {
		text += "  waiting for " + strings.ReplaceAll(i.WaitingFor, "_", " ")
	}
	if b.Terminal {
		b.draw(float64(settled)/float64(max(c.Total, 1)), text)
		return
	}
	if time.Since(b.told) >= lineEvery {
		b.told = time.Now()
		fmt.Fprintln(b.Err, text)
	}
}

// draw writes over the line before.
func (b *bar) draw(share float64, text string) {
	const most = 40
	b.told = time.Now()
	line := text
	if room := min(most, b.Width-len(text)-10); share >= 0 && room >= 10 {
		done := min(int(share*float64(room)), room)
		line = fmt.Sprintf("[%s%s] %3d%%  %s", strings.Repeat("#", done), strings.Repeat(".", room-done), int(share*100), text)
	}
	if b.Width > 0 && len(line) >= b.Width {
		line = line[:b.Width-1]
	}
	fmt.Fprint(b.Err, "\r\x1b[K"+line)
	b.shown = true
}

// clear takes the bar away.
func (b *bar) clear() {
	if b.shown {
		fmt.Fprint(b.Err, "\r\x1b[K")
		b.shown = false
	}
}

// grouped writes a number with commas.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// bytes writes a size as people read it.
func bytes(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	default:
		return fmt.Sprintf("%d KiB", (n+1023)/1024)
	}
}
