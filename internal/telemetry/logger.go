// Package telemetry is what a running process tells about itself: logs without
// secrets, metrics with bounded labels, and the operator's HTTP surface.
package telemetry

import (
	"io"
	"log"
	"log/slog"
	"reflect"
	"strings"
)

// Hidden stands in the log where a secret would have stood.
const Hidden = "***"

// NewLogger writes one JSON object a line to w. The value of every attribute
// whose key, or the key of a group or map around it, looks like that of a
// secret is [Hidden].
func NewLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: hideSecrets}))
}

// StdLog is for code that logs through the standard library's log package, such
// as net/http's servers and transports. It keeps what stands before the first
// quote of a line, masked: what they quote are bytes off the wire.
func StdLog(l *slog.Logger) *log.Logger {
	return log.New(lineWriter{l}, "", 0)
}

type lineWriter struct{ logger *slog.Logger }

func (w lineWriter) Write(p []byte) (int, error) {
	line, _, _ := strings.Cut(string(p), `"`)
	w.logger.Warn(Mask(strings.TrimSpace(line)))
	return len(p), nil
}

func hideSecrets(groups []string, a slog.Attr) slog.Attr {
	if secretKey(a.Key) {
		return slog.String(a.Key, Hidden)
	}
	for _, group := range groups {
		if secretKey(group) {
			return slog.String(a.Key, Hidden)
		}
	}
	if a.Value.Kind() == slog.KindAny {
		if shown, ok := hideInMap(a.Value.Any()); ok {
			return slog.Any(a.Key, shown)
		}
	}
	return a
}

// hideInMap copies a map with string keys, such as an http.Header, without its
// secrets; false for anything else.
func hideInMap(v any) (map[string]any, bool) {
	m := reflect.ValueOf(v)
	if m.Kind() != reflect.Map || m.Type().Key().Kind() != reflect.String {
		return nil, false
	}
	shown := make(map[string]any, m.Len())
	for it := m.MapRange(); it.Next(); {
		key, value := it.Key().String(), it.Value().Interface()
		if secretKey(key) {
			shown[key] = Hidden
		} else if inner, ok := hideInMap(value); ok {
			shown[key] = inner
		} else {
			shown[key] = value
		}
	}
	return shown, true
}

// secretKey errs towards yes: a hidden "token_count" costs less than a shown
// token.
func secretKey(key string) bool {
	plain := strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToLower(key))
	for _, word := range []string{
		"authorization", "token", "secret", "password", "passwd", "passphrase",
		"apikey", "masterkey", "privatekey", "cookie", "credential",
	} {
		if strings.Contains(plain, word) {
			return true
		}
	}
	return false
}
