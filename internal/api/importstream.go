package api

import (
	"bytes"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// pieceTime is how long a piece of a stream may take to be sent.
const pieceTime = 30 * time.Second

// pieces sends what is written piece by piece. Nothing is sent, no header
// either, before the first is full.
type pieces struct {
	c       *gin.Context
	control *http.ResponseController
	header  http.Header
	held    bytes.Buffer
}

func newPieces(c *gin.Context) *pieces {
	return &pieces{c: c, control: http.NewResponseController(c.Writer), header: http.Header{}}
}

func (p *pieces) Write(b []byte) (int, error) {
	n, _ := p.held.Write(b) // a buffer takes everything
	if p.held.Len() < streamPiece {
		return n, nil
	}
	return n, p.send()
}

// send sends what is held. A client that does not take it in time is given up;
// how long the whole answer takes is not the server's time-out's concern.
func (p *pieces) send() error {
	if !p.c.Writer.Written() {
		for name, values := range p.header {
			p.c.Writer.Header()[name] = values
		}
		p.c.Status(http.StatusOK)
	}
	_ = p.control.SetWriteDeadline(time.Now().Add(pieceTime)) // a writer without deadlines has none to set
	_, err := p.c.Writer.Write(p.held.Bytes())
	p.held.Reset()
	if err == nil {
		p.c.Writer.Flush()
	}
	return err
}

// breakOff ends an answer that cannot be completed. Where some of it is out
// already the connection is cut, so that half an answer is not taken for a whole
// one.
func (s *server) breakOff(c *gin.Context, err error) {
	if c.Writer.Written() {
		exchangeOf(c.Request.Context()).cause = err
		panic(http.ErrAbortHandler)
	}
	if errors.Is(err, errClosing) {
		err = problem(problemUnavailable, "The service is about to stop; ask again.").with("Retry-After", "5")
	}
	s.refuse(c, asProblem(translate(err)))
}
