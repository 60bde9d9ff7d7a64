package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"crmferry/internal/imports"
)

// importEvents streams the progress of an import as server-sent events, until it
// is over.
func (s *server) importEvents(c *gin.Context) {
	if !s.allow(c, ScopeJobsRead) {
		return
	}
	ctx, release := s.whileOpen(c.Request.Context())
	defer release()
	tenant, id := principalOf(ctx).Tenant, c.Param("id")
	i, err := s.Imports.Get(ctx, tenant, id)
	if err != nil {
		s.refuse(c, asProblem(translate(err)))
		return
	}
	e := &eventStream{server: s, c: c, last: c.GetHeader("Last-Event-ID")}
	if tag, err := stateOf(i); err == nil && i.Status.Terminal() && tag == e.last {
		c.Status(http.StatusNoContent) // a browser does not come again then
		return
	}
	e.out = newPieces(c)
	e.out.header.Set("Content-Type", "text/event-stream")
	e.out.header.Set("Cache-Control", "private, no-store")
	e.out.header.Set("X-Accel-Buffering", "no")
	news, leave := s.watches.join(tenant, id)
	defer leave()
	if err := e.follow(ctx, i, news); err != nil {
		exchangeOf(ctx).cause = err
	}
}

// stateOf names how an import stands, but for estimates, which move all the time.
func stateOf(i imports.Import) (string, error) {
	still, err := json.Marshal(importOf(i))
	return strings.Trim(strings.TrimPrefix(etag(still), "W/"), `"`), err
}

// eventStream is one listener.
type eventStream struct {
	*server
	c    *gin.Context
	out  *pieces
	last string // id of the last event: it names the state that it told of
}

// heartbeat keeps proxies from closing a stream on which nothing happens. The
// listener's token is looked at then, too.
const heartbeat = 15 * time.Second

// follow tells of the import until it is over or gone, the listener leaves, its
// token is revoked or the service closes.
func (e *eventStream) follow(ctx context.Context, i imports.Import, news <-chan sighting) error {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	if e.send(": hello\n\n") != nil {
		return nil // the listener has left
	}
	for {
		if over, err := e.tell(ctx, i); over || err != nil {
			return err
		}
		select {
		case seen := <-news:
			if errors.Is(seen.err, imports.ErrNotFound) {
				return nil
			}
			if seen.err == nil { // else the next look may be luckier
				i = seen.imp
			}
		case <-beat.C:
			if !e.mayStay(ctx) || e.send(": still here\n\n") != nil {
				return nil
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// mayStay says whether the listener's token is still good. While nobody can
// tell, it is taken to be.
func (e *eventStream) mayStay(ctx context.Context) bool {
	token, _ := bearer(e.c.Request.Header.Values("Authorization"))
	p, err := e.Tokens.Authenticate(ctx, token)
	if err != nil {
		return !errors.Is(err, ErrUnknownToken)
	}
	return p.may(ScopeJobsRead) && p.Tenant == principalOf(ctx).Tenant
}

// tell sends the import where the listener has not seen it like this. over:
// there is nothing more to come.
func (e *eventStream) tell(ctx context.Context, i imports.Import) (over bool, err error) {
	id, err := stateOf(i)
	if err != nil {
		return true, err
	}
	name, over := "progress", i.Status.Terminal()
	if over {
		name = "end"
	}
	if id == e.last && !over {
		return false, nil
	}
	e.last = id
	body, err := json.Marshal(e.importSoon(ctx, i))
	if err != nil {
		return true, err
	}
	gone := e.send(fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", id, name, bytes.TrimSpace(body)))
	return over || gone != nil, nil
}

func (e *eventStream) send(text string) error {
	if _, err := e.out.Write([]byte(text)); err != nil {
		return err
	}
	return e.out.send()
}
