package transport

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"
)

const (
	tcpKeepAlive   = 15 * time.Second
	tlsSessions    = 256
	handshakeStage = "TLS handshake"
	connectStage   = "connect"
)

// azureWire answers metadata requests inside Azure although it is a public
// address. https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
const azureWire = "168.63.129.16/32"

type dialer struct {
	tcp     net.Dialer
	tls     *tls.Config
	timeout time.Duration
}

func newDialer(o Options) *dialer {
	d := &dialer{
		tcp:     net.Dialer{KeepAlive: tcpKeepAlive},
		timeout: o.DialTimeout,
		tls: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			NextProtos:         []string{"http/1.1"},
			ClientSessionCache: tls.NewLRUClientSessionCache(tlsSessions),
		},
	}
	if !o.AllowPrivate {
		// Control sees the resolved address that is about to be connected to,
		// so no second look-up can put another in its place.
		d.tcp.Control = newGuard().Safe
	}
	return d
}

func newGuard() *ssrf.Guardian {
	return ssrf.New(
		ssrf.WithAnyPort(),
		ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix(azureWire)),
	)
}

func (d *dialer) plain(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	wire, err := d.connect(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: wire, wire: wire}, nil
}

func (d *dialer) secure(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	wire, err := d.connect(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	config := d.tls.Clone()
	if config.ServerName, _, err = net.SplitHostPort(addr); err != nil {
		wire.Close()
		return nil, &dialError{stage: connectStage, err: err}
	}
	top := tls.Client(wire, config)
	if err := top.HandshakeContext(ctx); err != nil {
		wire.Close()
		return nil, &dialError{stage: handshakeStage, err: err}
	}
	return &conn{Conn: top, wire: wire}, nil
}

func (d *dialer) connect(ctx context.Context, network, addr string) (*meter, error) {
	raw, err := d.tcp.DialContext(ctx, network, addr)
	if err != nil {
		return nil, &dialError{stage: connectStage, err: err}
	}
	return &meter{Conn: raw}, nil
}
