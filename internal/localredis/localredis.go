// Package localredis runs a Redis of our own on this machine: a redis-server
// child process where the program is on the PATH, else one in memory.
package localredis

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrNoProgram: redis-server is not on the PATH.
var ErrNoProgram = errors.New("redis-server is not on the PATH")

// Process is a redis-server child. It ends with its parent.
type Process struct {
	Addr     string
	Password string
	dir      string
	sentinel bool
	conf     []string
	held     *os.File // the lock on dir
	cmd      *exec.Cmd
	exited   chan struct{}
	output   *bytes.Buffer
}

// Options of a server that is more than Start's.
type Options struct {
	Port     int    // 0: a free one
	Password string // empty: a random one
	// Sentinel runs a sentinel in place of a server that keeps data.
	Sentinel bool
	Conf     []string // further lines of configuration
}

// Start runs redis-server on a free loopback port with its data under dir and
// waits until it answers. Further lines of configuration may be given; by
// default it appends every write to a file, synced every second, and never
// evicts.
func Start(ctx context.Context, dir string, conf ...string) (*Process, error) {
	return StartWith(ctx, dir, Options{Conf: conf})
}

// StartWith is Start with more of a choice.
func StartWith(ctx context.Context, dir string, o Options) (*Process, error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return nil, ErrNoProgram
	}
	if o.Port == 0 {
		var err error
		if o.Port, err = freePort(); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	held, err := lock(ctx, dir)
	if err != nil {
		return nil, err
	}
	p := &Process{
		Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)), Password: cmp.Or(o.Password, rand.Text()),
		dir: dir, sentinel: o.Sentinel, conf: o.Conf, held: held,
	}
	return p, p.Restart(ctx)
}

// Restart runs the server again on the same port and data; it must have ended.
func (p *Process) Restart(ctx context.Context) error {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return ErrNoProgram
	}
	if p.cmd, err = p.command(program); err != nil {
		return err
	}
	p.output, p.exited = &bytes.Buffer{}, make(chan struct{})
	p.cmd.Dir = p.dir
	p.cmd.ExtraFiles = []*os.File{p.held}
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := startWithParent(p.cmd, p.exited); err != nil {
		return fmt.Errorf("redis-server: %w", err)
	}
	return p.await(ctx)
}

// command hands the configuration over on standard input, so that the password
// shows nowhere. A sentinel wants a file, in which it also keeps what it learns.
func (p *Process) command(program string) (*exec.Cmd, error) {
	if !p.sentinel {
		cmd := exec.Command(program, "-")
		cmd.Stdin = bytes.NewBufferString(p.config())
		return cmd, nil
	}
	file := filepath.Join(absolute(p.dir), "sentinel.conf")
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(file, []byte(p.config()), 0o600); err != nil {
			return nil, err
		}
	}
	return exec.Command(program, file, "--sentinel"), nil
}

func (p *Process) config() string {
	_, port, _ := net.SplitHostPort(p.Addr)
	lines := []string{
		"bind 127.0.0.1", "port " + port, "requirepass " + p.Password, "dir " + strconv.Quote(absolute(p.dir)),
		"daemonize no", "loglevel warning",
	}
	if !p.sentinel {
		lines = append(lines, "appendonly yes", "appendfsync everysec", "save \"\"", "maxmemory-policy noeviction")
	}
	return strings.Join(append(lines, p.conf...), "\n") + "\n"
}

func absolute(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// await waits until the server answers; loading a large file takes its time.
func (p *Process) await(ctx context.Context) error {
	client := p.Client()
	defer func() { _ = client.Close() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			p.Kill()
			return fmt.Errorf("redis-server did not come up: %w", ctx.Err())
		case <-p.exited:
			return fmt.Errorf("redis-server ended at its start: %s", lastLine(p.output))
		case <-tick.C:
			if client.Ping(ctx).Err() == nil {
				return nil
			}
		}
	}
}

// Client connects to the server.
func (p *Process) Client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: p.Addr, Password: p.Password})
}

// Stop ends the server in good order; it cannot be restarted after that.
func (p *Process) Stop() {
	defer func() { _ = p.held.Close() }()
	_ = p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
		p.Kill()
	}
}

// Kill ends the server at once, as a crash would.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func lastLine(b *bytes.Buffer) string {
	last := "no output"
	for s := bufio.NewScanner(bytes.NewReader(b.Bytes())); s.Scan(); {
		if s.Text() != "" {
			last = s.Text()
		}
	}
	return last
}
