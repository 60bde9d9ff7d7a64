package transport

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestDoReturnsTheResponse(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, secure bool) {
		seen := make(chan *http.Request, 1)
		s := serve(t, secure, func(_ int, c net.Conn) {
			if r, ok := readRequest(bufio.NewReader(c)); ok {
				seen <- r
			}
			_, _ = io.WriteString(c, "HTTP/1.1 201 Created\r\nX-Id: 7\r\nContent-Length: 3\r\n\r\nyes")
		})
		r := post(s.url + "/contacts?k=v")
		r.Header = http.Header{"Authorization": {"Bearer x"}}
		resp := mustDo(t, s.client(t, Options{}), r)
		if resp.Status != 201 || string(resp.Body) != "yes" || resp.Header.Get("X-Id") != "7" || resp.Elapsed <= 0 {
			t.Errorf("response = %+v", resp)
		}
		got := <-seen
		if got.RequestURI != "/contacts?k=v" || got.ContentLength != 7 || got.UserAgent() != DefaultUserAgent ||
			got.Header.Get("Authorization") != "Bearer x" || got.Proto != "HTTP/1.1" {
			t.Errorf("request = %s %s, length %d, header %v", got.Proto, got.RequestURI, got.ContentLength, got.Header)
		}
		if len(r.Header) != 1 {
			t.Errorf("Do changed the caller's header to %v", r.Header)
		}
	})
}

func TestRedirectsAndOtherStatusesAreResponses(t *testing.T) {
	t.Parallel()
	for _, status := range []int{204, 301, 302, 307, 308, 404, 429, 500, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			s := serve(t, false, func(_ int, c net.Conn) {
				br := bufio.NewReader(c)
				for {
					if _, ok := readRequest(br); !ok {
						return
					}
					requests.Add(1)
					length := "Content-Length: 0\r\n"
					if status == 204 {
						length = ""
					}
					_, _ = fmt.Fprintf(c, "HTTP/1.1 %d X\r\nLocation: /elsewhere\r\n%s\r\n", status, length)
				}
			})
			resp := mustDo(t, s.client(t, Options{}), post(s.url))
			if resp.Status != status || resp.Header.Get("Location") != "/elsewhere" {
				t.Errorf("response = %+v", resp)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("the server saw %d requests", n)
			}
		})
	}
}

func TestGzipIsDecompressedAndCapped(t *testing.T) {
	t.Parallel()
	s := serve(t, false, func(_ int, c net.Conn) {
		br := bufio.NewReader(c)
		for {
			r, ok := readRequest(br)
			if !ok {
				return
			}
			if r.Header.Get("Accept-Encoding") != "gzip" {
				_, _ = io.WriteString(c, "HTTP/1.1 406 X\r\nContent-Length: 0\r\n\r\n")
				continue
			}
			_, _ = c.Write(gzipReply(t, strings.Repeat("a", 4096)))
		}
	})
	resp := mustDo(t, s.client(t, Options{MaxBody: 4096}), post(s.url))
	if len(resp.Body) != 4096 || resp.Header.Get("Content-Encoding") != "" {
		t.Errorf("status %d, %d bytes, header %v", resp.Status, len(resp.Body), resp.Header)
	}
	resp, err := s.client(t, Options{MaxBody: 4095}).Do(context.Background(), post(s.url))
	if e := mustFail(t, resp, err); e.Reason != TooLarge || !e.Sent || e.Status != 200 {
		t.Errorf("a body that inflates past the cap: %+v", e)
	}
}

func gzipReply(t *testing.T, text string) []byte {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, text); err != nil {
		t.Error(err)
	}
	if err := z.Close(); err != nil {
		t.Error(err)
	}
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", packed.Len())
	return append([]byte(head), packed.Bytes()...)
}

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, secure bool) {
		replies := []string{
			okReply,
			"HTTP/1.1 422 X\r\nContent-Length: 5\r\n\r\nwrong",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
			"HTTP/1.1 204 X\r\n\r\n",
		}
		s := serve(t, secure, func(_ int, c net.Conn) {
			br := bufio.NewReader(c)
			for i := 0; ; i++ {
				if _, ok := readRequest(br); !ok {
					return
				}
				_, _ = io.WriteString(c, replies[i%len(replies)])
			}
		})
		c := s.client(t, Options{})
		for range 3 * len(replies) {
			mustDo(t, c, post(s.url))
		}
		if n := s.dials.Load(); n != 1 {
			t.Errorf("%d connections for requests one after the other, want 1", n)
		}
	})
}

func TestObserve(t *testing.T) {
	t.Parallel()
	s := serve(t, false, answer(okReply))
	var seen []Exchange
	c := s.client(t, Options{Observe: func(x Exchange) { seen = append(seen, x) }})
	r := post(s.url + "/secret-path?token=hidden")
	r.Header = http.Header{"Authorization": {"Bearer hidden"}}
	mustDo(t, c, r)
	mustDo(t, c, r)
	r.URL = "ftp://x"
	_, err := c.Do(context.Background(), r)
	mustFail(t, nil, err)

	host := strings.TrimPrefix(s.url, "http://")
	want := []Exchange{
		{Label: "create", Method: "POST", Host: host, Status: 200, Sent: true, RequestBytes: 7, ResponseBytes: 2},
		{Label: "create", Method: "POST", Host: host, Status: 200, Sent: true, Reused: true, RequestBytes: 7, ResponseBytes: 2},
		{Label: "create", Method: "POST", Reason: InvalidRequest, RequestBytes: 7},
	}
	durations := cmpopts.IgnoreFields(Exchange{}, "Connected", "FirstByte", "Elapsed")
	if diff := cmp.Diff(want, seen, durations); diff != "" {
		t.Errorf("exchanges (-want +got):\n%s", diff)
	}
	for _, x := range seen[:2] {
		if !(0 < x.Connected && x.Connected <= x.FirstByte && x.FirstByte <= x.Elapsed) {
			t.Errorf("durations out of order: %+v", x)
		}
	}
}

func TestInvalidRequests(t *testing.T) {
	t.Parallel()
	const secret = "hidden"
	tests := map[string]Request{
		"scheme":       {Method: "POST", URL: "ftp://example.com/" + secret},
		"relative":     {Method: "POST", URL: "/contacts?token=" + secret},
		"unparsable":   {Method: "POST", URL: "http://[" + secret},
		"control byte": {Method: "POST", URL: "http://example.com/" + secret + "\n"},
		"no host":      {Method: "POST", URL: "https:///" + secret},
		"user info":    {Method: "POST", URL: "https://me:" + secret + "@example.com/"},
		"no method":    {URL: "https://example.com/"},
		"bad method":   {Method: "PO ST" + secret, URL: "https://example.com/"},
		"header name":  {Method: "POST", URL: "https://example.com/", Header: http.Header{"a b": {secret}}},
		"header value": {Method: "POST", URL: "https://example.com/", Header: http.Header{"X": {secret + "\r\nY: 1"}}},
	}
	for name, r := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, err := New(Options{}).Do(context.Background(), r)
			e := mustFail(t, resp, err)
			if e.Reason != InvalidRequest || e.Sent {
				t.Errorf("error = %+v", e)
			}
			for x := error(e); x != nil; x = errors.Unwrap(x) {
				if strings.Contains(x.Error(), secret) {
					t.Errorf("the error holds the request's data: %v", x)
				}
			}
		})
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, secure bool) {
		s := serve(t, secure, func(_ int, c net.Conn) {
			br := bufio.NewReader(c)
			for {
				r, ok := readRequest(br)
				if !ok {
					return
				}
				_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(r.RequestURI), r.RequestURI)
			}
		})
		var observed atomic.Int32
		c := s.client(t, Options{Observe: func(Exchange) { observed.Add(1) }})
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				for j := range 3 {
					path := fmt.Sprintf("/%d/%d", i, j)
					r := post(s.url + path)
					r.SendBy = time.Now().Add(time.Minute)
					resp, err := c.Do(context.Background(), r)
					if err != nil || string(resp.Body) != path {
						t.Errorf("%s: %v %v", path, resp, err)
					}
				}
			})
		}
		wg.Wait()
		if n := observed.Load(); n != 300 {
			t.Errorf("%d exchanges observed, want 300", n)
		}
	})
}
