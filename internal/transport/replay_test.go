package transport

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// A kept-alive connection dies after the second request went out on it. net/http
// would send that one again if it saw an Idempotency-Key and could rewind the
// body; a create must arrive once.
func TestNothingButAGetIsReplayed(t *testing.T) {
	t.Parallel()
	key := http.Header{"Idempotency-Key": {"k"}}
	farFuture := time.Now().Add(time.Hour)
	tests := map[string]struct {
		request Request
		arrives int32
		fails   bool
	}{
		"POST with body and key":    {Request{Method: "POST", Header: key, Body: []byte("{}")}, 1, true},
		"POST with key, no body":    {Request{Method: "POST", Header: key}, 1, true},
		"PUT with X-key, no body":   {Request{Method: "PUT", Header: http.Header{"X-Idempotency-Key": {"k"}}}, 1, true},
		"POST with body":            {Request{Method: "POST", Body: []byte("{}")}, 1, true},
		"DELETE":                    {Request{Method: "DELETE"}, 1, true},
		"OPTIONS":                   {Request{Method: "OPTIONS"}, 1, true},
		"GET":                       {Request{Method: "GET"}, 2, false},
		"HEAD":                      {Request{Method: "HEAD"}, 2, false},
		"GET with body and key":     {Request{Method: "GET", Header: key, Body: []byte("{}")}, 1, true},
		"GET with a fence":          {Request{Method: "GET", SendBy: farFuture}, 1, true},
		"POST with key and a fence": {Request{Method: "POST", Header: key, SendBy: farFuture}, 1, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forBoth(t, func(t *testing.T, secure bool) {
				var arrived atomic.Int32
				s := serve(t, secure, func(nth int, c net.Conn) {
					br := bufio.NewReader(c)
					for {
						r, ok := readRequest(br)
						if !ok {
							return
						}
						if r.URL.Path == "/second" {
							arrived.Add(1)
							if nth == 1 {
								return
							}
						}
						_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					}
				})
				c := s.client(t, Options{})
				mustDo(t, c, post(s.url))
				r := tt.request
				r.URL = s.url + "/second"
				resp, err := c.Do(context.Background(), r)
				if tt.fails {
					if e := mustFail(t, resp, err); e.Reason != Reset || !e.Sent {
						t.Errorf("got %v", e)
					}
				} else if err != nil {
					t.Errorf("Do: %v", err)
				}
				if n := arrived.Load(); n != tt.arrives {
					t.Errorf("the request arrived %d times, want %d", n, tt.arrives)
				}
			})
		})
	}
}
