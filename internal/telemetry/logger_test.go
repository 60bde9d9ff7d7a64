package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const secret = "hunter2"

// logged is the JSON object that one call of log writes, without its time.
func logged(t *testing.T, level slog.Level, log func(*slog.Logger)) map[string]any {
	t.Helper()
	var out bytes.Buffer
	log(NewLogger(&out, level))
	if out.Len() == 0 {
		return nil
	}
	if strings.Contains(out.String(), secret) {
		t.Errorf("the log holds the secret: %s", out.String())
	}
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("not one JSON object: %v in %s", err, out.String())
	}
	delete(line, "time")
	return line
}

func TestLoggerHidesSecretsAtAnyDepth(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		log  func(*slog.Logger)
		want map[string]any
	}{
		"plain attributes": {
			func(l *slog.Logger) { l.Info("m", "job", "job_1", "n", 3, "err", errors.New("e")) },
			map[string]any{"job": "job_1", "n": 3.0, "err": "e"}},
		"secret attribute": {
			func(l *slog.Logger) { l.Info("m", "API_TOKEN", secret, "job", "x") },
			map[string]any{"API_TOKEN": "***", "job": "x"}},
		"secret of another kind": {
			func(l *slog.Logger) {
				l.Info("m", "password", []byte(secret), "refreshToken", struct{ A string }{secret})
			},
			map[string]any{"password": "***", "refreshToken": "***"}},
		"inside a group": {
			func(l *slog.Logger) {
				l.Info("m", slog.Group("account", slog.Group("auth", "client_secret", secret, "scheme", "oauth2")))
			},
			map[string]any{"account": map[string]any{"auth": map[string]any{"client_secret": "***", "scheme": "oauth2"}}}},
		"a secret group": {
			func(l *slog.Logger) { l.Info("m", slog.Group("credentials", slog.Group("a", "value", secret))) },
			map[string]any{"credentials": map[string]any{"a": map[string]any{"value": "***"}}}},
		"With and WithGroup": {
			func(l *slog.Logger) { l.With("cookie", secret).WithGroup("g").Info("m", "X-Api-Key", secret) },
			map[string]any{"cookie": "***", "g": map[string]any{"X-Api-Key": "***"}}},
		"header": {
			func(l *slog.Logger) {
				l.Info("m", "header", http.Header{"Authorization": {secret}, "Accept": {"*/*"}})
			},
			map[string]any{"header": map[string]any{"Authorization": "***", "Accept": []any{"*/*"}}}},
		"map in a map": {
			func(l *slog.Logger) {
				l.Info("m", "body", map[string]any{"auth": map[string]string{"access_token": secret, "id": "1"}})
			},
			map[string]any{"body": map[string]any{"auth": map[string]any{"access_token": "***", "id": "1"}}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.want["level"], tt.want["msg"] = "INFO", "m"
			if diff := cmp.Diff(tt.want, logged(t, slog.LevelInfo, tt.log)); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSecretKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		"authorization", "Proxy-Authorization", "token", "csrf.token", "secret", "password", "api_key", "apiKey",
		"x-api-key", "access_token", "refresh_token", "client_secret", "master_key", "MASTER KEY", "Set-Cookie", "credential",
	} {
		if !secretKey(key) {
			t.Errorf("%q does not count as a secret", key)
		}
	}
	for _, key := range []string{"", "job", "key", "crm", "account", "status", "author", "idempotency_key_present"} {
		if secretKey(key) {
			t.Errorf("%q counts as a secret", key)
		}
	}
}

func TestLoggerLevel(t *testing.T) {
	t.Parallel()
	if got := logged(t, slog.LevelWarn, func(l *slog.Logger) { l.Info("m") }); got != nil {
		t.Errorf("an info line came through at warn: %v", got)
	}
}

func TestStdLogDropsWhatItQuotes(t *testing.T) {
	t.Parallel()
	got := logged(t, slog.LevelInfo, func(l *slog.Logger) {
		StdLog(l).Printf("Unsolicited response from jane@example.com starting with %q; err=%v", secret, nil)
	})
	want := map[string]any{"level": "WARN", "msg": "Unsolicited response from [email] starting with"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}
