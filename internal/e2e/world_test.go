package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"crmferry/internal/localredis"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/sandbox"
	"crmferry/internal/vendors"
)

const token = "e2e-token-of-tenant-default"

// programs are built once for all tests of the package.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "ferry-e2e-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "../../cmd/api", "../../cmd/worker").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := programs(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// ferry is one installation: Redis, imitation CRMs, an API and workers.
type ferry struct {
	t     *testing.T
	world *sandbox.World
	redis *localredis.Process // nil: the Redis in memory stands for it
	env   []string
	api   *process
	base  string
	http  *http.Client
}

// launch starts Redis and the API; workers are started by the test.
func launch(t *testing.T, o sandbox.Options) *ferry {
	t.Helper()
	f := &ferry{t: t, world: sandbox.New(o), http: &http.Client{Timeout: 90 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	crms := httptest.NewServer(f.world)
	t.Cleanup(crms.Close)
	f.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "FERRY_REDIS_URL=" + f.startRedis(), "FERRY_API_TOKEN=" + token,
		"FERRY_MASTER_KEY=" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32)),
		"FERRY_ADDR=" + freeAddr(t), "FERRY_ALLOW_PRIVATE_TARGETS=true", "FERRY_LOG_LEVEL=info", "FERRY_CRM_TIMEOUT=3s",
	}
	for _, spec := range vendors.All() {
		slug := spec.ID
		f.env = append(f.env, "FERRY_CRM_BASE_URL_"+strings.ToUpper(strings.ReplaceAll(slug, "-", "_"))+"="+crms.URL+"/"+slug)
	}
	f.base = "http://" + strings.TrimPrefix(f.env[5], "FERRY_ADDR=")
	f.startAPI()
	return f
}

func (f *ferry) startRedis() string {
	if f.redis = redistest.Process(f.t); f.redis != nil {
		return (&url.URL{Scheme: "redis", User: url.UserPassword("", f.redis.Password), Host: f.redis.Addr}).String()
	}
	m, err := localredis.StartMemory()
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(m.Stop)
	return "redis://" + m.Addr
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// process is one running program.
type process struct {
	cmd  *exec.Cmd
	out  *output
	done chan struct{}
}

// output collects what a program prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func (f *ferry) start(program string) *process {
	f.t.Helper()
	dir, err := programs()
	if err != nil {
		f.t.Fatal(err)
	}
	p := &process{cmd: exec.Command(filepath.Join(dir, program)), out: &output{}, done: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = f.env, p.out, p.out
	if err := p.cmd.Start(); err != nil {
		f.t.Error(err)
		close(p.done)
		return p
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	f.t.Cleanup(func() {
		p.kill()
		if f.t.Failed() {
			f.t.Logf("%s printed:\n%s", program, tail(p.out.String(), 4000))
		}
	})
	return p
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// kill ends a program as a crash would.
func (p *process) kill() {
	if p.cmd.Process != nil {
		_ = p.cmd.Process.Kill()
	}
	<-p.done
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// startAPI starts the API and waits until it answers.
func (f *ferry) startAPI() {
	f.t.Helper()
	f.api = f.start("api")
	f.eventually(20*time.Second, "the API to be ready", func() bool {
		resp, err := http.Get(f.base + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

func (f *ferry) startWorker() *process { return f.start("worker") }

// eventually polls until what is so. It may be called from any goroutine, so
// that it reports a failure and goes on.
func (f *ferry) eventually(patience time.Duration, what string, so func() bool) {
	f.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-deadline.C:
			f.t.Errorf("waited %v in vain for %s", patience, what)
			return
		case <-tick.C:
		}
	}
}

// answer is what the API said.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

func (a answer) decode(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		t.Errorf("HTTP %d, not JSON: %v\n%s", a.Status, err, a.Body)
	}
}

// call sends a request; headers come in pairs.
func (f *ferry) call(method, path string, body any, headers ...string) (answer, error) {
	var reader io.Reader
	if body != nil {
		raw, ok := body.([]byte)
		if !ok {
			var err error
			if raw, err = json.Marshal(body); err != nil {
				return answer{}, err
			}
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, f.base+path, reader)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := f.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, raw}, err
}

// must is call, where the API has to answer with status.
func (f *ferry) must(status int, method, path string, body any, headers ...string) answer {
	f.t.Helper()
	a, err := f.call(method, path, body, headers...)
	if err != nil {
		f.t.Fatal(err)
	}
	if a.Status != status {
		f.t.Fatalf("%s %s: HTTP %d, want %d\n%s", method, path, a.Status, status, a.Body)
	}
	return a
}

// connect makes an integrated account at an imitation.
func (f *ferry) connect(crm, account string) string {
	f.t.Helper()
	auth, settings := f.world.Connect(crm, account, "")
	var made struct{ ID string }
	f.must(http.StatusCreated, "POST", "/integrated-accounts", map[string]any{"crm": crm, "name": account, "auth": auth, "settings": settings}).decode(f.t, &made)
	return made.ID
}

func contacts(account string, more ...string) string {
	q := url.Values{"integrated_account_id": {account}}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "/unified/crm/contacts?" + q.Encode()
}

// person is a contact that every CRM of the first four takes.
func person(name string) map[string]any {
	return map[string]any{
		"first_name": "Ada", "last_name": name, "name": "Ada " + name,
		"email_addresses": []any{map[string]any{"email": "ada." + strings.ToLower(name) + "@example.com"}},
	}
}

// job is a job as the API shows it.
type job struct {
	ID       string
	Status   string
	Attempts int64
	Outcome  string
	Result   struct{ ID string }
	Error    struct {
		Kind, Code, Message string
		Fields              []string
		RemoteID            string `json:"remote_id"`
		RemoteStatus        int    `json:"remote_status"`
	}
	Warnings      []struct{ Field, Code, Message string }
	CreatedAt     time.Time `json:"created_at"`
	NextAttemptAt time.Time `json:"next_attempt_at"`
	Timeline      []struct {
		Result string
		Then   string
	}
}

func (j job) over() bool {
	return j.Status == "succeeded" || j.Status == "failed" || j.Status == "unknown" || j.Status == "cancelled"
}

// post sends a contact and gives its job.
func (f *ferry) post(path string, contact map[string]any, headers ...string) job {
	f.t.Helper()
	var j job
	f.must(http.StatusAccepted, "POST", path, contact, headers...).decode(f.t, &j)
	return j
}

// await waits until a job is over.
func (f *ferry) await(id string, patience time.Duration) job {
	f.t.Helper()
	var j job
	f.eventually(patience, "the end of "+id, func() bool {
		a, err := f.call("GET", "/jobs/"+id+"?wait=5", nil)
		if err != nil || a.Status != http.StatusOK {
			return false
		}
		a.decode(f.t, &j)
		return j.over()
	})
	return j
}
