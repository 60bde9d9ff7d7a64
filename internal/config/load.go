package config

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Load reads every FERRY_ variable of environ and leaves the others alone. Its
// error is one line that names each variable that is wrong and what it may be,
// never the value.
func Load(environ map[string]string) (Config, error) {
	ours := mine(environ)
	var c Config
	err := env.ParseWithOptions(&c, env.Options{
		Environment: ours,
		Prefix:      Prefix,
		FuncMap:     map[reflect.Type]env.ParserFunc{reflect.TypeFor[[]time.Duration](): parseSchedule},
	})
	problems := parseProblems(err)
	if len(problems) == 0 {
		problems = check(c)
	}
	urls, wrong := baseURLs(ours)
	c.CRMBaseURLs = urls
	problems = append(problems, wrong...)
	problems = append(problems, unknown(ours)...)
	if len(problems) > 0 {
		return Config{}, errors.New("config: " + strings.Join(problems, "; "))
	}
	return c, nil
}

// CheckCRMs reports a base URL for a CRM that does not exist; slugs are those
// that do.
func (c Config) CheckCRMs(slugs []string) error {
	for _, slug := range slices.Sorted(maps.Keys(c.CRMBaseURLs)) {
		if !slices.Contains(slugs, slug) {
			return errors.New("config: " + notASetting(baseURLVariable(slug), baseURLVariables(slugs)))
		}
	}
	return nil
}

// mine trims what editors and env files leave around values.
func mine(environ map[string]string) map[string]string {
	ours := map[string]string{}
	for name, value := range environ {
		if strings.HasPrefix(name, Prefix) && name != Prefix && !serviceLink(name, value) {
			ours[name] = strings.TrimSpace(value)
		}
	}
	return ours
}

// parseProblems names the variables whose text did not even parse.
func parseProblems(err error) []string {
	if err == nil {
		return nil
	}
	all, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return []string{"the environment cannot be read"}
	}
	var problems []string
	for _, one := range all.Errors {
		parse, ok := errors.AsType[env.ParseError](one)
		if !ok {
			problems = append(problems, "the environment cannot be read")
			continue
		}
		problem := mustBe(parse.Name)
		if why, ok := errors.AsType[reason](parse.Err); ok {
			problem += " (" + string(why) + ")"
		}
		problems = append(problems, problem)
	}
	return problems
}

// reason is an error whose text is ours and holds no value.
type reason string

func (r reason) Error() string { return string(r) }

func check(c Config) []string {
	checks := []struct {
		field string
		ok    bool
	}{
		{"Addr", hostPort(c.Addr)},
		{"OpsAddr", c.OpsAddr == "" || hostPort(c.OpsAddr)},
		{"APIToken", c.APIToken.Empty() || visible(c.APIToken.Reveal())},
		{"OperatorToken", c.OperatorToken.Empty() ||
			visible(c.OperatorToken.Reveal()) && c.OperatorToken.Reveal() != c.APIToken.Reveal()},
		{"MasterKey", c.MasterKey.Empty() || masterKey(c.MasterKey.Reveal())},
		{"ResultTTL", within(c.ResultTTL, time.Second, 8760*time.Hour)},
		{"ReceiptTTL", within(c.ReceiptTTL, max(time.Second, c.ResultTTL), 87600*time.Hour)},
		{"AccountBacklog", 1 <= c.AccountBacklog && c.AccountBacklog <= 10_000_000},
		{"TenantBacklog", 1 <= c.TenantBacklog && c.TenantBacklog <= 100_000_000},
		{"Concurrency", 1 <= c.Concurrency && c.Concurrency <= 4096},
		{"CRMTimeout", within(c.CRMTimeout, 100*time.Millisecond, 5*time.Minute)},
		{"ShutdownTimeout", within(c.ShutdownTimeout, c.TaskTimeout()+1, 30*time.Minute)},
	}
	var problems []string
	for _, check := range checks {
		if !check.ok {
			problems = append(problems, mustBe(check.field))
		}
	}
	if !c.Embedded() && c.MasterKey.Empty() {
		problems = append(problems, "FERRY_MASTER_KEY must be set where FERRY_REDIS_URL is: "+tagged("MasterKey").Allowed)
	}
	if c.OpsAddr != "" && c.OpsAddr == c.Addr && !strings.HasSuffix(c.Addr, ":0") {
		problems = append(problems, "FERRY_OPS_ADDR must be another address than FERRY_ADDR")
	}
	return problems
}

func mustBe(field string) string {
	s := tagged(field)
	return s.Name + " must be " + s.Allowed
}

func within(d, least, most time.Duration) bool { return least <= d && d <= most }

func hostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || strings.ContainsAny(host, " \t/@") {
		return false
	}
	return portNumber(port)
}

func portNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// visible admits what fits into an Authorization header without quoting.
func visible(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func masterKey(s string) bool {
	if strings.HasPrefix(s, "{") {
		return json.Valid([]byte(s))
	}
	// The URL alphabet and missing padding are what tools differ in.
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	key, err := base64.RawStdEncoding.DecodeString(s)
	return err == nil && len(key) == 32
}

func parseSchedule(s string) (any, error) {
	parts := strings.Split(s, ",")
	if len(parts) > 20 {
		return nil, reason("there are more than 20")
	}
	gaps := make([]time.Duration, len(parts))
	for i, part := range parts {
		gap, err := time.ParseDuration(strings.TrimSpace(part))
		if err != nil || !within(gap, time.Second, 720*time.Hour) {
			return nil, reason(fmt.Sprintf("number %d is not", i+1))
		}
		gaps[i] = gap
	}
	return gaps, nil
}

var slugName = regexp.MustCompile(`^[A-Z0-9]+(_[A-Z0-9]+)*$`)

func baseURLs(ours map[string]string) (map[string]*url.URL, []string) {
	urls := map[string]*url.URL{}
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		suffix, ok := strings.CutPrefix(name, Prefix+baseURLPrefix)
		if !ok || !slugName.MatchString(suffix) || ours[name] == "" {
			continue
		}
		u, ok := baseURL(ours[name])
		if !ok {
			problems = append(problems, name+" must be "+tagged("CRMBaseURLs").Allowed)
			continue
		}
		urls[strings.ReplaceAll(strings.ToLower(suffix), "_", "-")] = u
	}
	return urls, problems
}

func baseURL(s string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, false
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, false
	}
	return u, u.Port() == "" || portNumber(u.Port())
}
