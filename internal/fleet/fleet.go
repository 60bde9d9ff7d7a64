// Package fleet gives tests a whole installation: the real programs as
// processes of their own, on a Redis of their own, against imitation CRMs over
// HTTP.
package fleet

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"crmferry/internal/localredis"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/sandbox"
)

const token = "token-of-tenant-default"

// programs are built once for all tests of a process.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "ferry-fleet-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "crmferry/cmd/api", "crmferry/cmd/worker").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return dir, nil
})

// Main runs a package's tests and removes the programs after them.
func Main(m *testing.M) int {
	code := m.Run()
	if dir, err := programs(); err == nil {
		_ = os.RemoveAll(dir)
	}
	return code
}

// Options shape an installation. The zero value is an ordinary one.
type Options struct {
	sandbox.Options
	// Serve puts the imitations on the network and says where a CRM lives; by
	// default they are served as they are.
	Serve func(world *sandbox.World) (baseURL func(slug string) string)
	// Env is added to the programs' environment, and wins.
	Env []string
	// Redis holds lines of configuration for redis-server.
	Redis []string
	// RedisURL is a Redis of the test's own; by default one is started.
	RedisURL string
}

// Fleet is one installation: Redis, imitation CRMs, an API and workers.
type Fleet struct {
	testing.TB
	World *sandbox.World
	Redis *localredis.Process // nil: the Redis in memory stands for it
	API   *Process
	base  string
	env   []string
	http  *http.Client
}

// Launch starts Redis and the API; workers are started by the test.
func Launch(t testing.TB, o Options) *Fleet {
	t.Helper()
	f := &Fleet{
		TB: t, World: sandbox.New(o.Options),
		http: &http.Client{Timeout: 90 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	addr := freeAddr(t)
	f.base = "http://" + addr
	f.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "FERRY_REDIS_URL=" + f.startRedis(o), "FERRY_API_TOKEN=" + token,
		"FERRY_MASTER_KEY=" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32)),
		"FERRY_ADDR=" + addr, "FERRY_ALLOW_PRIVATE_TARGETS=true", "FERRY_LOG_LEVEL=info", "FERRY_CRM_TIMEOUT=3s",
	}
	if o.Serve == nil {
		o.Serve = f.serve
	}
	baseURL := o.Serve(f.World)
	for _, slug := range f.World.Slugs() {
		f.env = append(f.env, "FERRY_CRM_BASE_URL_"+strings.ToUpper(strings.ReplaceAll(slug, "-", "_"))+"="+baseURL(slug))
	}
	f.env = append(f.env, o.Env...)
	f.StartAPI()
	return f
}

func (f *Fleet) serve(world *sandbox.World) func(slug string) string {
	crms := httptest.NewServer(world)
	f.Cleanup(crms.Close)
	return func(slug string) string { return crms.URL + "/" + slug }
}

// With is the same installation for a subtest.
func (f *Fleet) With(t testing.TB) *Fleet {
	g := *f
	g.TB = t
	return &g
}

func (f *Fleet) startRedis(o Options) string {
	if o.RedisURL != "" {
		return o.RedisURL
	}
	if f.Redis = redistest.Process(f, o.Redis...); f.Redis != nil {
		return (&url.URL{Scheme: "redis", User: url.UserPassword("", f.Redis.Password), Host: f.Redis.Addr}).String()
	}
	m, err := localredis.StartMemory()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(m.Stop)
	return "redis://" + m.Addr
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// Eventually polls until what is so. It may be called from any goroutine, so
// that it reports a failure and goes on.
func (f *Fleet) Eventually(patience time.Duration, what string, so func() bool) {
	f.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-deadline.C:
			f.Errorf("waited %v in vain for %s", patience, what)
			return
		case <-tick.C:
		}
	}
}
