package api

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	maxUpload = 4 << 30
	// answerTime is how long the answer to an upload may take to be sent, which
	// begins when the server's own time-out may be over.
	answerTime = 30 * time.Second
)

var (
	errTooLarge = errors.New("api: the upload is too large")
	// errUnwanted: whoever reads the upload knows why.
	errUnwanted = errors.New("api: the upload is not wanted any more")
)

// upload is a body that may take as long as it needs while bytes come in. Its
// first error stays: a reader above may drop it and ask again.
type upload struct {
	ctx      context.Context // ends it
	stop     func()          // ends it when it is not wanted any more
	body     io.Reader
	left     int64
	patience time.Duration
	deadline func(time.Time) error
	failed   error
}

// openUpload takes over the deadlines of a request; release must follow.
func (s *server) openUpload(c *gin.Context) (u *upload, release func()) {
	control := http.NewResponseController(c.Writer)
	open, cancel := s.whileOpen(c.Request.Context())
	ctx, end := context.WithCancelCause(open)
	over := s.Uploading()
	u = &upload{ctx: ctx, stop: func() { end(errUnwanted) }, body: c.Request.Body, left: maxUpload, patience: s.UploadPatience, deadline: control.SetReadDeadline}
	stop := context.AfterFunc(ctx, func() { _ = u.deadline(time.Now()) })
	return u, func() {
		stop()
		end(nil)
		cancel()
		over()
		_ = control.SetWriteDeadline(time.Now().Add(answerTime))
	}
}

func (u *upload) Read(p []byte) (int, error) {
	if u.failed != nil {
		return 0, u.failed
	}
	// Before the context is looked at, so that its own deadline is not lost. A
	// connection that has none keeps the server's.
	_ = u.deadline(time.Now().Add(u.patience))
	if u.ctx.Err() != nil {
		u.failed = context.Cause(u.ctx)
		return 0, u.failed
	}
	n, err := u.body.Read(p)
	u.left -= int64(n)
	switch {
	case u.left < 0:
		err = errTooLarge
	case err == io.EOF:
		_ = u.deadline(time.Time{}) // the server goes on to listen for a disconnect
	case err != nil && slices.Contains([]error{errClosing, errUnwanted}, context.Cause(u.ctx)): // net/http ends the context at a time-out, too
		err = context.Cause(u.ctx)
	}
	u.failed = err
	return n, err
}

// interrupted is the problem of an upload that did not arrive, whatever the
// reader above has made of it; nil if it did arrive.
func (u *upload) interrupted() *Problem {
	var slow net.Error
	switch err := u.failed; {
	case err == nil, err == io.EOF, err == errUnwanted:
		return nil
	case errors.Is(err, errClosing):
		return problem(problemUnavailable, "The service is about to stop; send the file again. Nothing was stored.").with("Retry-After", "5")
	case errors.Is(err, errTooLarge):
		return uploadTooLarge()
	case errors.As(err, &slow) && slow.Timeout():
		return problem(problemTimeout, "The upload stood still for too long.").because(err)
	default:
		return problem(problemMalformed, "The upload broke off before its end.",
			FieldProblem{Code: "truncated", Message: "broke off before its end"}).because(err)
	}
}

func uploadTooLarge() *Problem {
	return problem(problemTooLarge, "A file may have at most 4 GiB.")
}
