package config

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	key32  = base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 31) + "\xff"))
	ladder = []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
		10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
)

func defaults() Config {
	return Config{
		Addr:            "127.0.0.1:8080",
		ResultTTL:       168 * time.Hour,
		ReceiptTTL:      720 * time.Hour,
		DataDir:         "data",
		Concurrency:     64,
		AccountBacklog:  100_000,
		TenantBacklog:   1_000_000,
		CRMTimeout:      20 * time.Second,
		ShutdownTimeout: 30 * time.Second,
		Webhooks:        ladder,
		CRMBaseURLs:     map[string]*url.URL{},
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		environ map[string]string
		change  func(*Config)
	}{
		"nothing set":      {nil, func(*Config) {}},
		"empty is unset":   {map[string]string{"FERRY_ADDR": "", "FERRY_REDIS_URL": "", "FERRY_API_TOKEN": " ", "FERRY_CRM_BASE_URL_WIX": ""}, func(*Config) {}},
		"others are left":  {map[string]string{"PATH": "/bin", "FERRYMAN": "x", "REDIS_URL": "x"}, func(*Config) {}},
		"prefix alone":     {map[string]string{"FERRY_": "x"}, func(*Config) {}},
		"blanks go":        {map[string]string{"FERRY_ADDR": " :9000\r\n"}, func(c *Config) { c.Addr = ":9000" }},
		"IPv6 address":     {map[string]string{"FERRY_ADDR": "[::1]:0"}, func(c *Config) { c.Addr = "[::1]:0" }},
		"a dollar stays":   {map[string]string{"FERRY_API_TOKEN": "a$HOME${b}"}, func(c *Config) { c.APIToken = NewSecret("a$HOME${b}") }},
		"ports of nobody":  {map[string]string{"FERRY_ADDR": "127.0.0.1:0", "FERRY_OPS_ADDR": "127.0.0.1:0"}, func(c *Config) { c.Addr, c.OpsAddr = "127.0.0.1:0", "127.0.0.1:0" }},
		"Kubernetes links": {map[string]string{"FERRY_SERVICE_HOST": "10.0.0.1", "FERRY_SERVICE_PORT_HTTP": "80", "FERRY_PORT": "tcp://10.0.0.1:80", "FERRY_PORT_80_TCP_PORT": "80", "FERRY_API_PORT_80_TCP": "tcp://10.0.0.1:80"}, func(*Config) {}},
		"Tink key set":     {map[string]string{"FERRY_MASTER_KEY": `{"primaryKeyId":1,"key":[]}`}, func(c *Config) { c.MasterKey = NewSecret(`{"primaryKeyId":1,"key":[]}`) }},
		"key for URLs":     {map[string]string{"FERRY_MASTER_KEY": strings.Repeat("_-", 21) + "8"}, func(c *Config) { c.MasterKey = NewSecret(strings.Repeat("_-", 21) + "8") }},
		"everything": {map[string]string{
			"FERRY_ADDR": "0.0.0.0:80", "FERRY_OPS_ADDR": "localhost:9090", "FERRY_REDIS_URL": "rediss://u:p@r/2",
			"FERRY_API_TOKEN": "api", "FERRY_OPERATOR_TOKEN": "op", "FERRY_MASTER_KEY": key32,
			"FERRY_ALLOW_PRIVATE_TARGETS": "true", "FERRY_RESULT_TTL": "1h", "FERRY_RECEIPT_TTL": "1h",
			"FERRY_LOG_LEVEL": "DEBUG", "FERRY_DATA_DIR": "/var/lib/ferry", "FERRY_WORKER_CONCURRENCY": "8",
			"FERRY_CRM_TIMEOUT": "10s", "FERRY_SHUTDOWN_TIMEOUT": "15001ms", "FERRY_WEBHOOK_SCHEDULE": "1s, 720h",
			"FERRY_CRM_BASE_URL_ZENDESK_SELL":         "http://127.0.0.1:9000",
			"FERRY_CRM_BASE_URL_DYNAMICS_365_SALES":   "https://proxy.example/crm/",
			"FERRY_CRM_BASE_URL_SOMETHING_YET_TO_BE1": "",
		}, func(c *Config) {
			c.Addr, c.OpsAddr = "0.0.0.0:80", "localhost:9090"
			c.Redis = RedisTarget{Mode: RedisSingle, Addrs: []string{"r:6379"}, Username: "u", Password: NewSecret("p"), DB: 2, TLS: true}
			c.APIToken, c.OperatorToken, c.MasterKey = NewSecret("api"), NewSecret("op"), NewSecret(key32)
			c.AllowPrivate, c.ResultTTL, c.ReceiptTTL = true, time.Hour, time.Hour
			c.LogLevel, c.DataDir, c.Concurrency = slog.LevelDebug, "/var/lib/ferry", 8
			c.CRMTimeout, c.ShutdownTimeout = 10*time.Second, 15001*time.Millisecond
			c.Webhooks = []time.Duration{time.Second, 720 * time.Hour}
			c.CRMBaseURLs = map[string]*url.URL{
				"zendesk-sell":       {Scheme: "http", Host: "127.0.0.1:9000"},
				"dynamics-365-sales": {Scheme: "https", Host: "proxy.example", Path: "/crm/"},
			}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := defaults()
			tt.change(&want)
			got, err := Load(tt.environ)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadRefusesWrongValues(t *testing.T) {
	t.Parallel()
	wrong := map[string][]string{
		"FERRY_ADDR":                  {"hidden", "hidden:", "1.2.3.4:70000", "1.2.3.4:http", "http://hidden:80", "hid den:80"},
		"FERRY_OPS_ADDR":              {"hidden", ":-1"},
		"FERRY_REDIS_URL":             {"hidden", "http://hidden", "redis://hidden:x", "redis-sentinel://hidden"},
		"FERRY_API_TOKEN":             {"hid den", "hiddén", "hid\x00den"},
		"FERRY_OPERATOR_TOKEN":        {"hid den"},
		"FERRY_MASTER_KEY":            {"hidden", base64.StdEncoding.EncodeToString([]byte("hidden")), key32 + "AAAA", `{"hidden":`},
		"FERRY_ALLOW_PRIVATE_TARGETS": {"hidden", "yes"},
		"FERRY_RESULT_TTL":            {"hidden", "7d", "168", "0s", "-1h", "8761h"},
		"FERRY_RECEIPT_TTL":           {"hidden", "1h", "87601h"},
		"FERRY_LOG_LEVEL":             {"hidden", "verbose", "3"},
		"FERRY_WORKER_CONCURRENCY":    {"hidden", "0", "-1", "4097", "1.5", "99999999999999999999"},
		"FERRY_CRM_TIMEOUT":           {"hidden", "0s", "99ms", "301s"},
		"FERRY_SHUTDOWN_TIMEOUT":      {"hidden", "25s", "1s", "31m"},
		"FERRY_WEBHOOK_SCHEDULE":      {"hidden", "5s,,5m", "5s;5m", "999ms", "721h", "5s,", strings.Repeat("5s,", 20) + "5s"},
		"FERRY_CRM_BASE_URL_WIX":      {"hidden", "ftp://hidden", "http://", "http://me:hidden@h", "http://h?hidden=1", "http://h#hidden", "http://h:99999", "http://[hidden", "http://h?"},
	}
	for name, values := range wrong {
		for i, value := range values {
			t.Run(fmt.Sprint(name, i), func(t *testing.T) {
				t.Parallel()
				_, err := Load(map[string]string{name: value})
				if err == nil {
					t.Fatalf("%q was taken", value)
				}
				text := err.Error()
				if !strings.HasPrefix(text, "config: "+name+" must be ") || len(text) < len(name)+25 {
					t.Errorf("the error does not name the variable and what it may be: %s", text)
				}
				if strings.Contains(text, "hid") || strings.Contains(text, "\n") {
					t.Errorf("the error shows the value, or has several lines: %s", text)
				}
			})
		}
	}
}

func TestLoadErrorsInFull(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		environ map[string]string
		want    string
	}{
		"one": {map[string]string{"FERRY_WORKER_CONCURRENCY": "many"},
			"config: FERRY_WORKER_CONCURRENCY must be a whole number from 1 to 4096"},
		"why": {map[string]string{"FERRY_WEBHOOK_SCHEDULE": "5s,5"},
			"config: FERRY_WEBHOOK_SCHEDULE must be 1 to 20 durations from 1s to 720h, separated by commas (number 2 is not)"},
		"two on one line": {map[string]string{"FERRY_ADDR": "x", "FERRY_LOG_LEVE": "info"},
			"config: FERRY_ADDR must be an address as host:port; FERRY_LOG_LEVE is not a setting; did you mean FERRY_LOG_LEVEL?"},
		"order of time-outs": {map[string]string{"FERRY_CRM_TIMEOUT": "60s"},
			"config: FERRY_SHUTDOWN_TIMEOUT must be a duration up to 30m, such as 30s, longer than FERRY_CRM_TIMEOUT + 5s"},
		"receipt before result": {map[string]string{"FERRY_RESULT_TTL": "721h"},
			"config: FERRY_RECEIPT_TTL must be a duration from 1s to 87600h, such as 720h, not below FERRY_RESULT_TTL"},
		"same tokens": {map[string]string{"FERRY_API_TOKEN": "a", "FERRY_OPERATOR_TOKEN": "a"},
			"config: FERRY_OPERATOR_TOKEN must be visible ASCII characters without spaces, other than FERRY_API_TOKEN"},
		"same addresses": {map[string]string{"FERRY_ADDR": ":1", "FERRY_OPS_ADDR": ":1"},
			"config: FERRY_OPS_ADDR must be another address than FERRY_ADDR"},
		"no key for Redis": {map[string]string{"FERRY_REDIS_URL": "redis://r"},
			"config: FERRY_MASTER_KEY must be set where FERRY_REDIS_URL is: the base64 of 32 bytes, or a Tink key set as JSON"},
		"misspelt": {map[string]string{"FERRY_ALLOW_PRIVATE_TARGET": "true"},
			"config: FERRY_ALLOW_PRIVATE_TARGET is not a setting; did you mean FERRY_ALLOW_PRIVATE_TARGETS?"},
		"lower case": {map[string]string{"FERRY_redis_url": "x"},
			"config: FERRY_redis_url is not a setting; did you mean FERRY_REDIS_URL?"},
		"nothing like it": {map[string]string{"FERRY_XYZZY_PLUGH": "1"},
			"config: FERRY_XYZZY_PLUGH is not a setting"},
		"a port is not a link": {map[string]string{"FERRY_PORT": "9000"},
			"config: FERRY_PORT is not a setting"},
		"base URL of nobody": {map[string]string{"FERRY_CRM_BASE_URL_": "http://x"},
			"config: FERRY_CRM_BASE_URL_ is not a setting"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(tt.environ)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckCRMs(t *testing.T) {
	t.Parallel()
	slugs := []string{"wix", "zendesk-sell"}
	tests := map[string]string{
		"FERRY_CRM_BASE_URL_ZENDESK_SELL": "",
		"FERRY_CRM_BASE_URL_ZENDESK_SEL":  "config: FERRY_CRM_BASE_URL_ZENDESK_SEL is not a setting; did you mean FERRY_CRM_BASE_URL_ZENDESK_SELL?",
	}
	for name, want := range tests {
		c, err := Load(map[string]string{name: "http://127.0.0.1:1"})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := c.CheckCRMs(slugs); err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDerived(t *testing.T) {
	t.Parallel()
	c := defaults()
	if !c.Embedded() {
		t.Error("without Redis the set-up is not embedded")
	}
	if d := c.TaskTimeout(); d <= c.CRMTimeout || d >= c.ShutdownTimeout {
		t.Errorf("TaskTimeout %v is not between %v and %v", d, c.CRMTimeout, c.ShutdownTimeout)
	}
	c.Redis.Mode = RedisSingle
	if c.Embedded() {
		t.Error("with Redis the set-up is embedded")
	}
}

func TestEnviron(t *testing.T) {
	t.Setenv("FERRY_DATA_DIR", "/x=y")
	if got := Environ()["FERRY_DATA_DIR"]; got != "/x=y" {
		t.Errorf("Environ has %q", got)
	}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	rows := Document()
	seen := map[string]bool{}
	for _, row := range rows {
		if !strings.HasPrefix(row.Name, Prefix) || row.Allowed == "" || row.Meaning == "" || seen[row.Name] {
			t.Errorf("row %+v is incomplete or doubled", row)
		}
		seen[row.Name] = true
	}
	if want := (Setting{"FERRY_ADDR", "127.0.0.1:8080", "an address as host:port", "Address of the API."}); rows[0] != want {
		t.Errorf("first row = %+v", rows[0])
	}
	if last := rows[len(rows)-1]; last.Name != "FERRY_CRM_BASE_URL_<SLUG>" {
		t.Errorf("last row = %+v", last)
	}
}
