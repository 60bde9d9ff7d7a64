package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretShowsNothing(t *testing.T) {
	t.Parallel()
	const text = "hunter2"
	s := NewSecret(text)
	wrapped := struct {
		Open   Secret
		hidden Secret
		list   []Secret
		ptr    *Secret
	}{s, s, []Secret{s}, &s}
	shown := []string{s.String(), s.GoString(), fmt.Sprint(s), fmt.Sprint(&s)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10.3s"} {
		shown = append(shown, fmt.Sprintf(verb, s), fmt.Sprintf(verb, &s), fmt.Sprintf(verb, wrapped), fmt.Sprintf(verb, map[string]any{"a": s}))
	}
	marshalled, err := json.Marshal(map[string]any{"a": s, "b": wrapped})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := s.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "s", s, "ptr", &s, "all", wrapped)
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "s", s, "all", wrapped)
	shown = append(shown, string(marshalled), string(plain), log.String())
	for _, out := range shown {
		if strings.Contains(out, text) || strings.Contains(out, fmt.Sprintf("%x", text)) || strings.Contains(out, fmt.Sprintf("%X", text)) {
			t.Errorf("the secret shows in %s", out)
		}
	}
	if string(marshalled) != `{"a":"***","b":{"Open":"***"}}` {
		t.Errorf("JSON = %s", marshalled)
	}
	if s.Reveal() != text {
		t.Errorf("Reveal = %q", s.Reveal())
	}
}

func TestSecretEmpty(t *testing.T) {
	t.Parallel()
	var zero Secret
	if !zero.Empty() || zero.Reveal() != "" || zero.String() != hidden || !NewSecret("").Empty() {
		t.Error("the zero Secret is not empty")
	}
	if a := NewSecret("a"); a.Empty() || !a.Equal(NewSecret("a")) || a.Equal(zero) || a.Equal(NewSecret("b")) {
		t.Error("Equal or Empty is wrong")
	}
}

func TestConfigShowsNoSecret(t *testing.T) {
	t.Parallel()
	c, err := Load(map[string]string{
		"FERRY_API_TOKEN": "hidden", "FERRY_OPERATOR_TOKEN": "hidden2", "FERRY_MASTER_KEY": key32,
		"FERRY_REDIS_URL": "redis-sentinel://u:hidden@h/m?sentinel_password=hidden",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c)} {
		if strings.Contains(out, "hidden") || strings.Contains(out, key32) {
			t.Errorf("a secret shows in %s", out)
		}
	}
}
