package transport

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const okReply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// server is a CRM that misbehaves byte by byte. handle gets every accepted
// connection (after the handshake, if it is secure) with its number from 1.
type server struct {
	url    string
	roots  *x509.CertPool
	listen net.Listener
	dials  atomic.Int32
	wg     sync.WaitGroup
	mu     sync.Mutex
	closed bool
	conns  []net.Conn
}

func serve(t *testing.T, secure bool, handle func(nth int, c net.Conn)) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{url: "http://" + l.Addr().String()}
	if secure {
		cert, roots := certificate(t)
		s.url, s.roots = "https://"+l.Addr().String(), roots
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	s.listen = l
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			nth := int(s.dials.Add(1))
			if !s.adopt(c) {
				return
			}
			s.wg.Go(func() {
				defer c.Close()
				handle(nth, c)
			})
		}
	})
	t.Cleanup(func() {
		s.closeAll()
		s.wait()
	})
	return s
}

// wait takes no more connections and returns once those taken have ended.
func (s *server) wait() {
	s.listen.Close()
	s.wg.Wait()
}

func (s *server) adopt(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Close()
		return false
	}
	s.conns = append(s.conns, c)
	return true
}

func (s *server) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, c := range s.conns {
		c.Close()
	}
}

// client trusts the server and may dial loopback addresses.
func (s *server) client(t *testing.T, o Options) *Client {
	t.Helper()
	o.AllowPrivate = true
	o = withDefaults(o)
	d := newDialer(o)
	d.tls.RootCAs = s.roots
	c := newClient(o, d)
	t.Cleanup(c.CloseIdle)
	return c
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// readRequest reads one request with its body; false at the end of the
// connection.
func readRequest(br *bufio.Reader) (*http.Request, bool) {
	r, err := http.ReadRequest(br)
	if err != nil {
		return nil, false
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, false
	}
	return r, true
}

// answer replies to every request on the connection.
func answer(reply string) func(int, net.Conn) {
	return func(_ int, c net.Conn) {
		br := bufio.NewReader(c)
		for {
			if _, ok := readRequest(br); !ok {
				return
			}
			if _, err := io.WriteString(c, reply); err != nil {
				return
			}
		}
	}
}

// hold keeps the connection open until the peer closes it.
func hold(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// reset closes the connection with an RST instead of a FIN.
func reset(c net.Conn) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	_ = c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

func post(url string) Request {
	return Request{Label: "create", Method: http.MethodPost, URL: url, Body: []byte(`{"a":1}`)}
}

func mustDo(t *testing.T, c *Client, r Request) *Response {
	t.Helper()
	resp, err := c.Do(context.Background(), r)
	if err != nil {
		t.Fatalf("Do: %v", err)
	}
	return resp
}

func mustFail(t *testing.T, resp *Response, err error) *Error {
	t.Helper()
	if err == nil {
		t.Fatalf("Do answered %d, want an error", resp.Status)
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("Do failed with %T, want *Error", err)
	}
	return e
}

func forBoth(t *testing.T, f func(t *testing.T, secure bool)) {
	for name, secure := range map[string]bool{"http": false, "https": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, secure)
		})
	}
}
