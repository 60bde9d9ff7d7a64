package app

import (
	"os"
	"runtime/debug"
	"sync"
)

const (
	// gcPercent lets the heap grow to a few times what is live, which is little:
	// collecting less often saves a tenth of the work for each contact.
	gcPercent = 400
	// gcUploading is for while files come in: of those much more is live.
	gcUploading = 50
)

// collecting sets how often memory is collected.
type collecting struct {
	set func(percent int) int

	mu      sync.Mutex
	uploads int
}

// newCollecting leaves all as it is where the operator has said how often.
func newCollecting() *collecting {
	c := &collecting{set: debug.SetGCPercent}
	if os.Getenv("GOGC") != "" {
		c.set = func(percent int) int { return percent }
	}
	c.set(gcPercent)
	return c
}

// uploading has memory collected more often until over is called.
func (c *collecting) uploading() (over func()) {
	c.count(1)
	return sync.OnceFunc(func() { c.count(-1) })
}

func (c *collecting) count(more int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.uploads
	c.uploads += more
	switch {
	case was == 0:
		c.set(gcUploading)
	case c.uploads == 0:
		c.set(gcPercent)
	}
}
