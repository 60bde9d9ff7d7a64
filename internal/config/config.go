// Package config turns the environment into one checked, typed struct.
package config

import (
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/caarlos0/env/v11"
)

// Prefix starts the name of every variable that is ours.
const Prefix = "FERRY_"

const (
	baseURLPrefix = "CRM_BASE_URL_"
	taskMargin    = 5 * time.Second
)

// Config holds every setting. The tags are the documentation, too: env is the
// variable's name without the prefix, allowed completes "must be", doc says
// what the setting is for.
type Config struct {
	Addr            string          `env:"ADDR" envDefault:"127.0.0.1:8080" allowed:"an address as host:port" doc:"Address of the API."`
	OpsAddr         string          `env:"OPS_ADDR" allowed:"an address as host:port" doc:"Address for metrics, pprof and health of API and worker. Empty: off."`
	Redis           RedisTarget     `env:"REDIS_URL" allowed:"a redis://, rediss://, redis-sentinel:// or redis-cluster:// URL, or a comma list of cluster nodes" doc:"Redis, Sentinel or Cluster. Empty: the embedded set-up."`
	APIToken        Secret          `env:"API_TOKEN" allowed:"visible ASCII characters without spaces" doc:"A token with every scope for tenant default. Empty: the embedded set-up makes one and prints it."`
	OperatorToken   Secret          `env:"OPERATOR_TOKEN" allowed:"visible ASCII characters without spaces, other than FERRY_API_TOKEN" doc:"The operator's token, outside all tenants. Checked, not used yet: there is no operator surface."`
	MasterKey       Secret          `env:"MASTER_KEY" allowed:"the base64 of 32 bytes, or a Tink key set as JSON" doc:"Seals credentials. Needed with FERRY_REDIS_URL; the embedded set-up keeps one under FERRY_DATA_DIR."`
	AllowPrivate    bool            `env:"ALLOW_PRIVATE_TARGETS" envDefault:"false" allowed:"true or false" doc:"Whether CRM and webhook addresses may be private, such as loopback, and webhook addresses plain http."`
	ResultTTL       time.Duration   `env:"RESULT_TTL" envDefault:"168h" allowed:"a duration from 1s to 8760h, such as 168h" doc:"How long a finished job, its result and its idempotency key are kept."`
	ReceiptTTL      time.Duration   `env:"RECEIPT_TTL" envDefault:"720h" allowed:"a duration from 1s to 87600h, such as 720h, not below FERRY_RESULT_TTL" doc:"How long the receipt of a finished job is kept."`
	LogLevel        slog.Level      `env:"LOG_LEVEL" envDefault:"info" allowed:"debug, info, warn or error" doc:"The least level that is logged."`
	DataDir         string          `env:"DATA_DIR" envDefault:"data" allowed:"a directory" doc:"Where the embedded set-up keeps its data and its master key."`
	Concurrency     int             `env:"WORKER_CONCURRENCY" envDefault:"64" allowed:"a whole number from 1 to 4096" doc:"Contacts that one worker process carries at once."`
	AccountBacklog  int64           `env:"ACCOUNT_BACKLOG" envDefault:"100000" allowed:"a whole number from 1 to 10000000" doc:"Single contacts that one account may have waiting for its CRM's pace; more are answered 429."`
	TenantBacklog   int64           `env:"TENANT_BACKLOG" envDefault:"1000000" allowed:"a whole number from 1 to 100000000" doc:"Single contacts that one tenant may have under way; more are answered 429."`
	CRMTimeout      time.Duration   `env:"CRM_TIMEOUT" envDefault:"20s" allowed:"a duration from 100ms to 5m, such as 20s" doc:"Longest single exchange with a CRM."`
	ShutdownTimeout time.Duration   `env:"SHUTDOWN_TIMEOUT" envDefault:"30s" allowed:"a duration up to 30m, such as 30s, longer than FERRY_CRM_TIMEOUT + 5s" doc:"How long work under way may take to end after SIGTERM."`
	Webhooks        []time.Duration `env:"WEBHOOK_SCHEDULE" envDefault:"5s,5m,30m,2h,5h,10h,14h,20h,24h" allowed:"1 to 20 durations from 1s to 720h, separated by commas" doc:"Gaps between the attempts at one webhook delivery."`
	// CRMBaseURLs says where a CRM lives instead of its own place, by slug.
	CRMBaseURLs map[string]*url.URL `env:"-" name:"CRM_BASE_URL_<SLUG>" allowed:"an http or https URL without user info, query and fragment" doc:"Where a CRM lives instead, such as FERRY_CRM_BASE_URL_ZENDESK_SELL=http://127.0.0.1:9000."`
}

// Environ is the process's environment as [Load] takes it.
func Environ() map[string]string { return env.ToMap(os.Environ()) }

// Embedded says whether Redis and worker live in the API's process.
func (c Config) Embedded() bool { return c.Redis.Mode == "" }

// TaskTimeout bounds one run of a queued task: longer than the CRM's, shorter
// than the shutdown's, so that a stop waits for a call rather than cut it off.
func (c Config) TaskTimeout() time.Duration { return c.CRMTimeout + taskMargin }
