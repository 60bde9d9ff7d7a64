package webhook

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// hostile are addresses that a receiver must not have. %p stands for the port
// of a listener on this machine, at which nothing may arrive.
func hostile() []string {
	return []string{
		"https://127.0.0.1:%p/", "https://127.1:%p/", "https://127.0.1:%p/", "https://2130706433:%p/", "https://0x7f000001:%p/",
		"https://0x7f.0.0.1:%p/", "https://0177.0.0.1:%p/", "https://017700000001:%p/", "https://127.0.0.0x1:%p/", "https://127.0.0.1.:%p/",
		"https://0:%p/", "https://0.0.0.0:%p/", "https://127.255.255.254:%p/", "https://[::1]:%p/", "https://[::]:%p/",
		"https://[::ffff:127.0.0.1]:%p/", "https://[::ffff:7f00:1]:%p/", "https://[0:0:0:0:0:ffff:127.0.0.1]:%p/", "https://[::127.0.0.1]:%p/",
		"https://[64:ff9b::7f00:1]:%p/", "https://[64:ff9b::127.0.0.1]:%p/", "https://[64:ff9b:1::7f00:1]:%p/", "https://[2002:7f00:1::]:%p/",
		"https://[2001:0:7f00:1::]:%p/", "https://[fe80::1]:%p/", "https://[fe80::1%25lo]:%p/", "https://[fc00::1]:%p/", "https://[fd00:ec2::254]:%p/",
		"https://[fec0::1]:%p/", "https://[ff02::1]:%p/", "https://[2001:db8::1]:%p/",
		"https://10.0.0.1:%p/", "https://172.16.0.1:%p/", "https://192.168.0.1:%p/", "https://100.64.0.1:%p/", "https://169.254.169.254/latest/meta-data",
		"https://169.254.170.2/", "https://168.63.129.16/", "https://100.100.100.200/", "https://192.0.0.192/", "https://198.18.0.1/",
		"https://192.0.2.1/", "https://224.0.0.1/", "https://255.255.255.255/", "https://240.0.0.1/",
		"https://localhost:%p/", "https://LOCALHOST:%p/", "https://localhost.:%p/", "https://a.localhost:%p/", "https://localhost.localdomain:%p/",
		"https://metadata.google.internal/", "https://metadata/", "https://printer.local/", "https://router.lan/", "https://x.home.arpa/",
		"https://user:pass@hooks.example.com/", "https://user@hooks.example.com/", "https://127.0.0.1:%p@hooks.example.com/", "https://hooks.example.com:pass@127.0.0.1:%p/",
		"http://hooks.example.com/", "ftp://hooks.example.com/", "file:///etc/passwd", "gopher://127.0.0.1:%p/", "javascript:alert(1)", "//hooks.example.com/",
		"https:hooks.example.com", "https:///hooks", "https://", "hooks.example.com", "https://hooks.example.com:0/", "https://hooks.example.com:99999/",
		"https://hooks.example.com:/", "https://hooks.example.com:22/", "https://hooks.example.com:6379/", "https://hooks.example.com:25/",
		"https://hooks.example.com#@127.0.0.1/", "https://hooks.example.com\\@127.0.0.1:%p/", "https://127.0.0.1%2f@hooks.example.com/",
		"https://ⓛocalhost:%p/", "https://127。0。0。1:%p/", "https://%31%32%37.0.0.1:%p/", "https://hooks..example.com/", "https://-hooks.example.com/",
		"https://hooks.example.com/a b", "https://hooks.example.com/\nHost: x", "https://1.2.3/", "https://1.2.3.4.5/", "https://256.256.256.256/", "https://example.0x7f/",
	}
}

// silent is a listener at which nothing may arrive.
func silent(t *testing.T) (port string) {
	t.Helper()
	var calls atomic.Int32
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
		if n := calls.Load(); n != 0 {
			t.Errorf("%d connections reached this machine", n)
		}
	})
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestHostileAddressesAreRefused(t *testing.T) {
	t.Parallel()
	port := silent(t)
	s := NewSender(open{}, plain, false)
	for _, form := range hostile() {
		target := strings.ReplaceAll(form, "%p", port)
		fault := CheckURL("url", target, false)
		if fault == nil {
			t.Errorf("%s is accepted", form)
			continue
		}
		if fault.Field != "url" || fault.Code == "" || fault.Message == "" || strings.Contains(fault.Message, "127") {
			t.Errorf("%s: %+v", form, fault)
		}
		if a, answer := s.send(context.Background(), parcelTo(target)); answer.Status != 0 || a.Error == "" {
			t.Errorf("%s was sent to: %+v", form, a)
		}
	}
	if n := len(hostile()); n < 40 {
		t.Errorf("only %d forms", n)
	}
}

// TestNamesOfPrivateAddressesAreNotDialled: a name shows only when it is
// resolved what it stands for. The names of this machine stand for any.
func TestNamesOfPrivateAddressesAreNotDialled(t *testing.T) {
	t.Parallel()
	port := silent(t)
	s := NewSender(open{}, plain, false)
	s.private = true // past the check of the URL: the dialler itself must refuse
	for _, host := range []string{"localhost", "localhost.", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "169.254.169.254", "0.0.0.0"} {
		a, answer := s.send(context.Background(), parcelTo("http://"+host+":"+port+"/"))
		if answer.Status != 0 || a.Error != "private_address" && a.Error != "dns" {
			t.Errorf("%s: %+v", host, a)
		}
	}
}

func TestGoodAddressesAreAccepted(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"https://hooks.example.com", "https://hooks.example.com/a/b?c=d", "https://hooks.example.com:8443/", "https://hooks.example.com:443/",
		"https://hooks.example.com./", "https://104.16.0.1/", "https://[2606:4700::1]:8443/", "https://xn--bcher-kva.example/", "https://a_b.example.com/", "https://3m.com/",
	} {
		if f := CheckURL("url", target, false); f != nil {
			t.Errorf("%s: %+v", target, f)
		}
	}
	for _, target := range []string{"http://127.0.0.1:9/", "http://localhost:6379/x", "http://receiver:80", "https://10.0.0.1"} {
		if f := CheckURL("url", target, true); f != nil {
			t.Errorf("with private addresses allowed, %s: %+v", target, f)
		}
	}
	for _, target := range []string{"http://a:b@127.0.0.1/", "ftp://127.0.0.1", "http://0x7f.1/", "http://2130706433/"} {
		if f := CheckURL("url", target, true); f == nil {
			t.Errorf("with private addresses allowed, %s is accepted", target)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var inner atomic.Int32
	behind := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inner.Add(1) }))
	defer behind.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		front := httptest.NewServer(http.RedirectHandler(behind.URL, status))
		s := NewSender(open{}, plain, true)
		a, answer := s.send(context.Background(), parcelTo(front.URL))
		front.Close()
		if answer.Status != status || answer.OK() || a.Status != status {
			t.Errorf("%d: %+v", status, a)
		}
		if v := (Policy{Schedule: DefaultSchedule()}).Next(1, answer, 0.5); v.Status != Pending {
			t.Errorf("%d: %+v", status, v)
		}
	}
	if inner.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func parcelTo(target string) parcel {
	return parcel{
		bill: Bill{ID: "whd_x"}, body: []byte(`{}`), url: target, context: "c",
		keys: Keyring{{Sealed: []byte("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), Since: time.Now()}},
	}
}

// open is a Sealer that seals nothing.
type open struct{}

func (open) Seal(plain []byte, context string) ([]byte, error) {
	return append([]byte{}, plain...), nil
}
func (open) Open(sealed []byte, context string) ([]byte, error) { return sealed, nil }

func plain(s string) string { return s }

func TestPublic(t *testing.T) {
	t.Parallel()
	if publicHost("10.0.0.1") || !publicHost("8.8.8.8") || publicHost(netip.IPv6Loopback().String()) {
		t.Error("addresses are told apart wrongly")
	}
}
