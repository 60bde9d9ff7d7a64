package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
)

// command runs the client to its end.
func command(t *testing.T, cmd *exec.Cmd) (out, words string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// TestTheCommandLine imports files as a user does.
func TestTheCommandLine(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	account := f.Connect("hubspot", "shell")
	dir := t.TempDir()
	file := filepath.Join(dir, "people.csv")
	write := func(rows ...string) {
		if err := os.WriteFile(file, []byte("First Name,Email\n"+strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("Ada,ada@example.com", "Bob,bob@example.com")
	out, words, code := command(t, f.Command("import", file, "-account", account))
	if code != 0 || !strings.HasPrefix(out, "imp_") || !strings.Contains(words, "2 created") {
		t.Errorf("%d: %s %s", code, out, words)
	}
	write("Eve,eve@example.com", "Ada,ada@example.com", "Joe,not an address")
	_, words, code = command(t, f.Command("import", "-account", account, file))
	kept, err := os.ReadFile(filepath.Join(dir, "people.failed.csv"))
	if want := "First Name,Email\nAda,ada@example.com\nJoe,not an address\n"; code != 1 || err != nil || string(kept) != want {
		t.Errorf("%d: %s\n%s, %v", code, words, kept, err)
	}
	if why, _ := os.ReadFile(filepath.Join(dir, "people.failed.csv.reasons.csv")); !regexp.MustCompile(`3,.*duplicate(?s:.*)4,.*invalid`).Match(why) {
		t.Errorf("reasons: %s", why)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"import", filepath.Join(dir, "none.csv"), "-account", account}, "no such file"},
		{[]string{"import", file}, "-account is missing"},
		{[]string{"import", file, "-account", "nobody"}, "must be a UUID"},
		{[]string{"import", file, "-account", account, "-on-invalid", "reject"}, "line 4 /email_addresses"},
		{[]string{"export"}, "unknown command"},
	} {
		if _, words, code := command(t, f.Command(c.args...)); code != 2 || !strings.Contains(words, c.want) {
			t.Errorf("%v: %d: %s", c.args, code, words)
		}
	}
}

// TestLeavingTheCommandLine: Ctrl-C leaves the import alone.
func TestLeavingTheCommandLine(t *testing.T) {
	t.Parallel()
	f := launch(t, sandbox.Options{Unlimited: true})
	f.StartWorker()
	account := f.ConnectAt(&fleet.Limits{Windows: []fleet.Window{{Requests: 20, PerSeconds: 1}}}, "close", "left")
	file := filepath.Join(t.TempDir(), "people.ndjson")
	if err := os.WriteFile(file, fileFor(t, "close", 100, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := f.Command("import", file, "-account", account)
	var words bytes.Buffer
	cmd.Stderr = &words
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.Eventually(time.Minute, "rows", func() bool { return f.World.CRM("close").Count("left") > 5 })
	_ = cmd.Process.Signal(syscall.SIGINT)
	_ = cmd.Wait()
	id := regexp.MustCompile(`imp_\w+`).FindString(words.String())
	if cmd.ProcessState.ExitCode() != 130 || !strings.Contains(words.String(), "goes on without you") || id == "" {
		t.Fatalf("%d: %s", cmd.ProcessState.ExitCode(), words.String())
	}
	out, more, code := command(t, f.Command("import", "-follow", id))
	if code != 0 || strings.TrimSpace(out) != id || !strings.Contains(more, fmt.Sprint(100, " created")) {
		t.Errorf("%d: %s %s", code, out, more)
	}
}
