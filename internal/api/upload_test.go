package api

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// dialed is a bare connection to a server with a head of an upload sent.
func dialed(t *testing.T, url string, header ...string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	check(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: ferry\r\nAuthorization: Bearer %s\r\nContent-Type: text/csv\r\nContent-Length: 1000000\r\n%s\r\n",
		checkTarget+fullAccount, token, strings.Join(header, ""))
	check(t, err)
	return conn, bufio.NewReader(conn)
}

func statusOf(t *testing.T, r *bufio.Reader) int {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	check(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	check(t, errors.Join(err, resp.Body.Close()))
	return resp.StatusCode
}

// serving runs the API as the program does: with time-outs, here so short that
// every upload is longer.
func serving(t *testing.T, adjust func(*Deps)) (*httptest.Server, *harness) {
	t.Helper()
	h := newHarness(t, adjust)
	server := httptest.NewUnstartedServer(h.handler)
	server.Config.ReadTimeout, server.Config.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	return server, h
}

// TestAnUploadThatStandsStill is told so, and not before it does.
func TestAnUploadThatStandsStill(t *testing.T) {
	t.Parallel()
	server, _ := serving(t, func(d *Deps) { d.UploadPatience = 100 * time.Millisecond })
	conn, answer := dialed(t, server.URL)
	_, err := io.WriteString(conn, "email\na@example.com\n")
	check(t, err)
	if status := statusOf(t, answer); status != http.StatusRequestTimeout {
		t.Error(status)
	}
}

// TestAnUploadMayBeSlow: longer than the server's time-outs and than the
// patience in all, with no pause as long as that.
func TestAnUploadMayBeSlow(t *testing.T) {
	t.Parallel()
	const pieces, pause, patience = 20, 20 * time.Millisecond, 10 * time.Second
	server, _ := serving(t, func(d *Deps) { d.UploadPatience = patience })
	body, send := io.Pipe()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	go func() {
		_, _ = io.WriteString(send, "email\n")
		for range pieces {
			<-tick.C
			_, _ = io.WriteString(send, "a@example.com\n")
		}
		_ = send.Close()
	}()
	req, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+checkTarget+fullAccount, body)
	check(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", csvType)
	resp, err := server.Client().Do(req)
	check(t, err)
	text, err := io.ReadAll(resp.Body)
	check(t, errors.Join(err, resp.Body.Close()))
	if resp.StatusCode != 200 || !strings.Contains(string(text), fmt.Sprintf(`"total":%d`, pieces)) {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

// TestAClientThatAsksFirst is refused before it sends anything, and told to go
// on otherwise.
func TestAClientThatAsksFirst(t *testing.T) {
	t.Parallel()
	server, _ := serving(t, func(*Deps) {})
	_, answer := dialed(t, server.URL, "Expect: 100-continue\r\n", "Content-Encoding: br\r\n")
	if status := statusOf(t, answer); status != http.StatusUnsupportedMediaType {
		t.Error(status)
	}
	_, answer = dialed(t, server.URL, "Expect: 100-continue\r\n")
	line, err := answer.ReadString('\n')
	if check(t, err); !strings.HasPrefix(line, "HTTP/1.1 100 ") {
		t.Error(line)
	}
}

// TestAClosingServiceEndsUploads: at once, though the client sends nothing.
func TestAClosingServiceEndsUploads(t *testing.T) {
	t.Parallel()
	closing := make(chan struct{})
	server, _ := serving(t, func(d *Deps) { d.Closing = closing })
	_, answer := dialed(t, server.URL, "Expect: 100-continue\r\n")
	_, err := http.ReadResponse(answer, nil) // 100: the body is being read
	check(t, err)
	close(closing)
	if status := statusOf(t, answer); status != http.StatusServiceUnavailable {
		t.Error(status)
	}
}

// TestACutConnectionEndsTheWork: the request is over as soon as it is cut.
func TestACutConnectionEndsTheWork(t *testing.T) {
	t.Parallel()
	over := make(chan int, 1)
	server, _ := serving(t, func(d *Deps) {
		d.Observe = func(_, _ string, status int, _ time.Duration) { over <- status }
	})
	conn, answer := dialed(t, server.URL, "Expect: 100-continue\r\n")
	_, err := http.ReadResponse(answer, nil)
	check(t, err)
	check(t, conn.Close())
	select {
	case status := <-over:
		if status != http.StatusBadRequest {
			t.Error(status)
		}
	case <-time.After(10 * time.Second):
		t.Error("it goes on")
	}
}

func TestTooLargeUploads(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	r := httptest.NewRequestWithContext(t.Context(), "POST", checkTarget+fullAccount, untouchable{t})
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", csvType)
	r.ContentLength = maxUpload + 1
	h.send(r).wantStatus(t, http.StatusRequestEntityTooLarge)

	u := &upload{ctx: t.Context(), body: strings.NewReader("0123456789"), left: 9, deadline: func(time.Time) error { return nil }}
	_, err := io.ReadAll(u)
	if p := u.interrupted(); !errors.Is(err, errTooLarge) || p == nil || p.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("%v, %v", err, p)
	}
	if _, err := u.Read(make([]byte, 1)); !errors.Is(err, errTooLarge) {
		t.Errorf("asked again: %v", err)
	}
}
