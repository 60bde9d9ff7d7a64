package fleet

import (
	"bytes"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Process is one running program.
type Process struct {
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

func (f *Fleet) start(program string) *Process {
	f.Helper()
	dir, err := programs()
	if err != nil {
		f.Fatal(err)
	}
	p := &Process{cmd: exec.Command(filepath.Join(dir, program)), out: &output{}, done: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = f.env, p.out, p.out
	if err := p.cmd.Start(); err != nil {
		f.Error(err)
		close(p.done)
		return p
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	f.Cleanup(func() {
		p.Kill()
		if f.Failed() {
			f.Logf("%s printed:\n%s", program, tail(p.Output(), 4000))
		}
	})
	return p
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// Kill ends a program as a crash would.
func (p *Process) Kill() {
	if p.cmd.Process != nil {
		_ = p.cmd.Process.Kill()
	}
	<-p.done
}

// Signal sends a signal to the program.
func (p *Process) Signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// Pid is the program's process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Output is what the program has printed so far.
func (p *Process) Output() string { return p.out.String() }

// StartAPI starts the API and waits until it answers.
func (f *Fleet) StartAPI() {
	f.Helper()
	f.API = f.start("api")
	f.Eventually(20*time.Second, "the API to be ready", func() bool {
		resp, err := http.Get(f.base + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// StartWorker starts a worker and does not wait for it.
func (f *Fleet) StartWorker() *Process { return f.start("worker") }

// Command is the program api with the installation's environment and other
// arguments.
func (f *Fleet) Command(args ...string) *exec.Cmd {
	f.Helper()
	dir, err := programs()
	if err != nil {
		f.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "api"), args...)
	cmd.Env = append([]string{"FERRY_URL=" + f.base}, f.env...)
	return cmd
}
