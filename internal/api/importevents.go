package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"crmferry/internal/imports"
)

// heartbeat keeps proxies from closing a stream on which nothing happens.
const heartbeat = 15 * time.Second

// importEvents streams the progress of an import as server-sent events, until it
// is over.
func (s *server) importEvents(c *gin.Context) {
	if !s.allow(c, ScopeJobsRead) {
		return
	}
	ctx := c.Request.Context()
	tenant, id := principalOf(ctx).Tenant, c.Param("id")
	i, err := s.Imports.Get(ctx, tenant, id)
	if err != nil {
		s.refuse(c, asProblem(translate(err)))
		return
	}
	open, release := s.whileOpen(ctx)
	defer release()
	c.Header("Content-Type", "text/event-stream")
	c.Header("Cache-Control", "no-store")
	c.Header("X-Accel-Buffering", "no")
	c.Status(http.StatusOK)
	e := &eventStream{server: s, flusher: flusher{c.Writer, http.NewResponseController(c.Writer)}, last: c.GetHeader("Last-Event-ID")}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := e.tell(i); err != nil || i.Status.Terminal() {
			return
		}
		select {
		case <-open.Done():
			return
		case <-tick.C:
		}
		if i, err = s.Imports.Get(open, tenant, id); err != nil {
			return // the client comes again
		}
	}
}

// eventStream is one listener.
type eventStream struct {
	*server
	flusher
	last string // id of the last event: a digest of what it told
	told time.Time
}

// tell sends an event where something changed.
func (e *eventStream) tell(i imports.Import) error {
	still, err := json.Marshal(importOf(i))
	if err != nil {
		return err
	}
	id := etag(still)[3:]
	id = id[:len(id)-1]
	var out bytes.Buffer
	switch {
	case id != e.last || i.Status.Terminal():
		name := "progress"
		if i.Status.Terminal() {
			name = "end"
		}
		body, err := json.Marshal(e.importNow(i))
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "id: %s\nevent: %s\ndata: %s\n\n", id, name, body)
	case e.now().Sub(e.told) >= heartbeat || e.told.IsZero():
		out.WriteString(": still here\n\n")
	default:
		return nil
	}
	e.last, e.told = id, e.now()
	if _, err := e.http.Write(out.Bytes()); err != nil {
		return err
	}
	return e.flush()
}
