package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
)

const (
	maxContactBody = 256 << 10
	maxAccountBody = 64 << 10
)

const jsonMedia = "application/json"

// takeJSON reads the body before anything else looks at the request, so that
// each way in which it can be unfit has its own problem.
func (s *server) takeJSON(limit int64) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(ctx)
		if p := checkMedia(c.Request.Header); p != nil {
			s.refuse(c, p)
			return
		}
		body, p := readBody(c.Request, limit)
		if p != nil {
			s.refuse(c, p)
			return
		}
		c.Request.Body = io.NopCloser(bytes.NewReader(body))
		next(ctx)
	}
}

// checkMedia accepts JSON in UTF-8 without a content encoding.
func checkMedia(h http.Header) *Problem {
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return problem(problemMediaType, "The body must not be compressed.").with("Accept-Encoding", "identity")
	}
	header := h.Get("Content-Type")
	if header == jsonMedia {
		return nil
	}
	media, params, err := mime.ParseMediaType(header)
	if err != nil || media != jsonMedia {
		return problem(problemMediaType, "The Content-Type must be application/json.").with("Accept-Post", jsonMedia)
	}
	if charset, given := params["charset"]; given && !strings.EqualFold(charset, "utf-8") {
		return problem(problemMediaType, "The charset must be utf-8.").with("Accept-Post", jsonMedia)
	}
	return nil
}

func readBody(r *http.Request, limit int64) ([]byte, *Problem) {
	tooLarge := func() *Problem {
		return problem(problemTooLarge, fmt.Sprintf("The body may have at most %d bytes.", limit))
	}
	if r.ContentLength > limit {
		return nil, tooLarge()
	}
	var buffer bytes.Buffer
	if r.ContentLength > 0 {
		buffer.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	n, err := buffer.ReadFrom(io.LimitReader(r.Body, limit+1))
	switch body := buffer.Bytes(); {
	case err != nil:
		return nil, broken(err)
	case n > limit:
		return nil, tooLarge()
	case n == 0:
		return nil, problem(problemMalformed, "The body is empty.",
			FieldProblem{Code: codeRequired, Message: "a JSON object is required"})
	case !utf8.Valid(body):
		return nil, problem(problemMalformed, "The body could not be read; see errors.",
			FieldProblem{Code: "invalid_utf8", Message: "is not valid UTF-8"})
	default:
		return body, nil
	}
}

// broken is the problem of a body that did not arrive whole.
func broken(err error) *Problem {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return problem(problemTimeout, "The body did not arrive in time.")
	}
	return problem(problemMalformed, "The body broke off before its end.")
}
