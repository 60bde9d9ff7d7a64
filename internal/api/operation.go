package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
)

// config is huma with JSON alone, without its own documents and $schema links.
func (s *server) config() huma.Config {
	format := huma.Format{Marshal: writeJSON, Unmarshal: json.Unmarshal}
	return huma.Config{
		OpenAPI: s.info(),
		// By "json" huma finds the format of problem documents.
		Formats:      map[string]huma.Format{jsonMedia: format, "json": format},
		Transformers: []huma.Transformer{s.answerProblem},
	}
}

// writeJSON writes whole documents. That the caller is gone is no fault of ours.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, _ = w.Write(b.Bytes())
	return nil
}

// add registers an operation. Whatever error its handler gives is answered as
// a problem.
func add[I, O any](s *server, scope Scope, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	op.Middlewares = append(huma.Middlewares{s.require(scope)}, op.Middlewares...)
	op.Security = []map[string][]string{{securityScheme: scopesOf(scope)}}
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, asProblem(translate(err))
		}
		return out, nil
	})
}

func scopesOf(scope Scope) []string {
	if scope == anyToken {
		return []string{}
	}
	return []string{string(scope)}
}

// answerProblem completes the problems that go out, and makes ours of huma's,
// which would repeat what the caller sent.
func (s *server) answerProblem(ctx huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*Problem)
	if model, foreign := v.(*huma.ErrorModel); foreign {
		p, ok = fromHuma(model), true
	}
	if !ok {
		return v, nil
	}
	p.complete(exchangeOf(ctx.Context()))
	return p, nil
}

// reply is an answer whose status, media type and headers depend on what
// happened.
type reply struct {
	status int
	header http.Header
	body   []byte
	// stream sends the body in pieces, without announcing its length.
	stream bool
}

func newReply(status int, body []byte) *reply {
	r := &reply{status: status, header: http.Header{}, body: body}
	if body != nil {
		r.header["Content-Type"] = []string{jsonMedia}
	}
	return r
}

// set adds a header; an empty value is none.
func (r *reply) set(name, value string) {
	if value != "" {
		r.header.Set(name, value)
	}
}

// output writes the reply by way of huma.
func (r *reply) output() *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		c := humagin.Unwrap(ctx)
		header := c.Writer.Header()
		for name, values := range r.header {
			header[name] = values
		}
		ctx.SetStatus(r.status)
		if r.stream {
			r.pour(c.Writer)
			return
		}
		if len(r.body) > 0 {
			_, _ = c.Writer.Write(r.body) // that the caller is gone is no fault of ours
		}
	}}
}

// streamPiece is how much of a stream is sent at once.
const streamPiece = 32 << 10

func (r *reply) pour(w interface {
	io.Writer
	http.Flusher
}) {
	for rest := r.body; ; {
		n := min(len(rest), streamPiece)
		if _, err := w.Write(rest[:n]); err != nil {
			return
		}
		w.Flush()
		if rest = rest[n:]; len(rest) == 0 {
			return
		}
	}
}
