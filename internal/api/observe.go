package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

// unmatched is the route of requests that no route matches.
const unmatched = "unmatched"

// observe surrounds every request: it gives it an id, turns a panic into a
// problem, and writes the access line.
func (s *server) observe(c *gin.Context) {
	start := time.Now()
	x := &exchange{id: requestID(c.Request)}
	c.Request = c.Request.WithContext(withExchange(c.Request.Context(), x))
	header := c.Writer.Header()
	header.Set(requestIDHeader, x.id)
	header.Set("X-Content-Type-Options", "nosniff")
	defer s.conclude(c, x, start)
	defer s.recover(c, x)
	if p := malformedQuery(c.Request.URL.RawQuery); p != nil {
		s.refuse(c, p)
		return
	}
	c.Next()
}

// conclude writes the access line and feeds the metrics. Neither knows the
// query, the body or any value of a contact.
func (s *server) conclude(c *gin.Context, x *exchange, start time.Time) {
	route, status, took := c.FullPath(), c.Writer.Status(), time.Since(start)
	if route == "" {
		route = unmatched
	}
	s.Observe(route, c.Request.Method, status, took)
	level := slog.LevelInfo
	switch {
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	case route == healthPath || route == readyPath:
		level = slog.LevelDebug
	}
	ctx := c.Request.Context()
	if !s.Logger.Enabled(ctx, level) {
		return
	}
	line := []slog.Attr{
		slog.String("method", c.Request.Method), slog.String("route", route), slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("request_id", x.id),
	}
	if x.principal.Tenant != "" {
		line = append(line, slog.String("tenant", x.principal.Tenant))
	}
	if x.cause != nil {
		line = append(line, slog.String("error", x.cause.Error()))
	}
	s.Logger.LogAttrs(ctx, level, "request", line...)
}

// recover answers a panic. Where the answer has begun already, the connection
// is cut instead, so that half an answer is not taken for a whole one.
func (s *server) recover(c *gin.Context, x *exchange) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { // the handler has told why
		panic(v)
	}
	x.cause = fmt.Errorf("panic: %s", panicText(v))
	s.Logger.LogAttrs(c.Request.Context(), slog.LevelError, "panic",
		slog.String("request_id", x.id), slog.String("route", c.FullPath()),
		slog.String("panic", panicText(v)), slog.String("stack", string(debug.Stack())))
	if c.Writer.Written() {
		panic(http.ErrAbortHandler)
	}
	s.refuse(c, problem(problemInternal, "Something went wrong on our side. The request id helps to find out what."))
}

// panicText describes a panic without the values that it may hold: those of
// the runtime are about our code, others may quote a contact.
func panicText(v any) string {
	if err, ok := v.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", v)
}

// refuse answers with a problem and ends the request.
func (s *server) refuse(c *gin.Context, p *Problem) {
	p.complete(exchangeOf(c.Request.Context()))
	for name, values := range p.header {
		c.Writer.Header()[name] = values
	}
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{}`)
	}
	c.Data(p.Status, problemMedia, body)
	c.Abort()
}

func (s *server) notFound(c *gin.Context) {
	s.refuse(c, problem(problemNotFound, "There is no such route; /docs lists those that there are."))
}

// wrongMethod answers where another method would be right; gin has set Allow.
func (s *server) wrongMethod(c *gin.Context) {
	s.refuse(c, problem(problemMethod, "Allowed here: "+c.Writer.Header().Get("Allow")+"."))
}

// malformedQuery refuses a query that url.Values would quietly lose parts of,
// or that holds no text.
func malformedQuery(raw string) *Problem {
	if !strings.ContainsAny(raw, "%;") && utf8.ValidString(raw) {
		return nil
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return problem(problemMalformed, "The query string is malformed.",
			FieldProblem{Pointer: "query", Code: codeMalformed, Message: "is not properly percent-encoded"})
	}
	for name, list := range values {
		for _, text := range append(list, name) {
			if !utf8.ValidString(text) {
				return problem(problemMalformed, "The query string is malformed.",
					FieldProblem{Pointer: "query", Code: "invalid_utf8", Message: "is not valid UTF-8"})
			}
		}
	}
	return nil
}

// head lets HEAD be asked wherever GET can be; net/http leaves the body out.
func head(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			get := *r
			get.Method = http.MethodGet
			r = &get
		}
		next.ServeHTTP(w, r)
	})
}

// patient gives a context that ends after d, and when the service closes.
func (s *server) patient(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, d)
	ctx, release := s.whileOpen(ctx)
	return ctx, func() { release(); cancel() }
}

// errClosing is the cause of contexts that end because the service closes.
var errClosing = errors.New("api: the service is closing")

// whileOpen gives a context that ends when the service closes.
func (s *server) whileOpen(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	if s.Closing != nil {
		go func() {
			select {
			case <-s.Closing:
				cancel(errClosing)
			case <-ctx.Done():
			}
		}()
	}
	return ctx, func() { cancel(nil) }
}
