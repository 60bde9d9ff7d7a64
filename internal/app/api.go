package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"crmferry/internal/api"
	"crmferry/internal/config"
	"crmferry/internal/job"
	"crmferry/internal/telemetry"
)

var errNoRedis = errors.New("FERRY_REDIS_URL must be set: a worker shares its Redis with the API (the embedded set-up of cmd/api has a worker of its own)")

// RunAPI is the program cmd/api: it serves until ctx ends. Without a
// configured Redis it runs one, and a worker, in the same process.
func RunAPI(ctx context.Context, environ map[string]string, out io.Writer) error {
	c, err := config.Load(environ)
	if err != nil {
		return err
	}
	s, err := start(ctx, c, out)
	if err != nil {
		return err
	}
	defer s.stop()
	select {
	case <-ctx.Done():
		s.house.log.Info("stopping")
		return nil
	case err := <-s.api.failed:
		return err
	}
}

// service is a running API, with a worker in the embedded set-up.
type service struct {
	house  *house
	api    *server
	ops    *server
	worker *worker
	token  config.Secret
	ending chan struct{}
}

func start(ctx context.Context, c config.Config, out io.Writer) (*service, error) {
	token, made, err := apiToken(c)
	if err != nil {
		return nil, err
	}
	h, err := build(ctx, c, out)
	if err != nil {
		return nil, err
	}
	s := &service{house: h, token: token, ending: make(chan struct{})}
	if err := s.open(); err != nil {
		s.stop()
		return nil, err
	}
	h.log.Info("ready", "address", s.api.addr, "embedded", c.Embedded())
	if made {
		fmt.Fprintf(out, "API token for tenant default: %s\n", token.Reveal())
	}
	return s, nil
}

func (s *service) open() error {
	h := s.house
	handler, err := s.handler()
	if err != nil {
		return err
	}
	if h.config.Embedded() {
		if s.worker, err = h.startWorker(); err != nil {
			return err
		}
	}
	if s.ops, err = h.serveOps(); err != nil {
		return err
	}
	s.api, err = serve(h.config.Addr, handler, func(srv *http.Server) {
		srv.ErrorLog = telemetry.StdLog(h.log)
	})
	return err
}

func (s *service) handler() (http.Handler, error) {
	h := s.house
	tokens, err := api.NewStaticTokens(map[string]api.Principal{s.token.Reveal(): {Tenant: "default", Name: "FERRY_API_TOKEN", Scopes: []api.Scope{api.ScopeAll}}})
	if err != nil {
		return nil, err
	}
	if err := h.metrics.WatchJobsOpen(h.openJobs); err != nil {
		return nil, err
	}
	return s.handlerFor(tokens)
}

func (s *service) handlerFor(tokens api.Tokens) (http.Handler, error) {
	h, room := s.house, s.house.room()
	go room.watch(s.ending)
	return api.New(api.Deps{
		Jobs:     &job.Service{Store: h.store, Queue: h.queue, Gate: h.pacing(), Accepted: h.metrics.JobAccepted, Room: room},
		Imports:  h.importService(room),
		Lookup:   h.store,
		Webhooks: h.hooks.service,
		Accounts: h.accounts, Pace: h.pacing(), Catalogue: h.crms, Tokens: tokens, Ready: h.ready, Logger: h.log,
		Observe: h.metrics.HTTPRequest, NewKey: newKey, Uploading: h.memory.uploading, Closing: s.ending,
	})
}

// stop ends everything, in the order in which it depends on each other.
func (s *service) stop() {
	close(s.ending)
	for _, srv := range []*server{s.api, s.ops} {
		srv.stop()
	}
	if s.worker != nil {
		s.worker.stop()
	}
	s.house.close()
}

func (h *house) ready(ctx context.Context) error { return h.db.Ping(ctx).Err() }

func (h *house) openJobs() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	n, err := h.store.OpenCount(ctx)
	if err != nil {
		return -1
	}
	return float64(n)
}

// serveOps serves metrics, pprof and health, where an address is set.
func (h *house) serveOps() (*server, error) {
	if h.config.OpsAddr == "" {
		return nil, nil
	}
	return serve(h.config.OpsAddr, telemetry.OpsHandler(h.metrics, h.ready), nil)
}

// server is one listening HTTP server.
type server struct {
	http   *http.Server
	addr   string
	failed chan error
}

// Time-outs that keep slow clients from holding connections. A request may
// wait up to 60 s for its job, hence the long one for writing.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 100 * time.Second
	idleTimeout   = 2 * time.Minute
	drainTimeout  = 15 * time.Second
)

func serve(addr string, handler http.Handler, change func(*http.Server)) (*server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &server{addr: l.Addr().String(), failed: make(chan error, 1), http: &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 64 << 10,
	}}
	if change != nil {
		change(s.http)
	}
	go func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	return s, nil
}

// stop lets requests under way end; a nil server is none.
func (s *server) stop() {
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
}
