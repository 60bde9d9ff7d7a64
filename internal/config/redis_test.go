package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRedis(t *testing.T) {
	t.Parallel()
	single := func(change func(*RedisTarget)) RedisTarget {
		r := RedisTarget{Mode: RedisSingle, Addrs: []string{"h:6379"}}
		change(&r)
		return r
	}
	tests := map[string]RedisTarget{
		"redis://h":               single(func(*RedisTarget) {}),
		"REDIS://h":               single(func(*RedisTarget) {}),
		"redis://h/":              single(func(*RedisTarget) {}),
		"redis://h:6380/3":        single(func(r *RedisTarget) { r.Addrs, r.DB = []string{"h:6380"}, 3 }),
		"redis://h?db=4":          single(func(r *RedisTarget) { r.DB = 4 }),
		"rediss://h":              single(func(r *RedisTarget) { r.TLS = true }),
		"redis://:p%40s%2Fs@h":    single(func(r *RedisTarget) { r.Password = NewSecret("p@s/s") }),
		"redis://:a,b+c@h":        single(func(r *RedisTarget) { r.Password = NewSecret("a,b+c") }),
		"redis://me:a:b@h":        single(func(r *RedisTarget) { r.Username, r.Password = "me", NewSecret("a:b") }),
		"redis://me@h":            single(func(r *RedisTarget) { r.Username = "me" }),
		"redis://[::1]":           single(func(r *RedisTarget) { r.Addrs = []string{"[::1]:6379"} }),
		"redis://[2001:db8::1]:7": single(func(r *RedisTarget) { r.Addrs = []string{"[2001:db8::1]:7"} }),
		"redis-sentinel://s1:5000,s2/mymaster?db=2": {
			Mode: RedisSentinel, Addrs: []string{"s1:5000", "s2:26379"}, Master: "mymaster", DB: 2},
		"rediss-sentinel://u:p@s1?master=m&sentinel_username=su&sentinel_password=sp": {
			Mode: RedisSentinel, Addrs: []string{"s1:26379"}, Master: "m", TLS: true, Username: "u", Password: NewSecret("p"),
			SentinelUsername: "su", SentinelPassword: NewSecret("sp")},
		"redis://a:1,b,[::1]:3": {Mode: RedisCluster, Addrs: []string{"a:1", "b:6379", "[::1]:3"}},
		"rediss://u:p@a,b/0":    {Mode: RedisCluster, Addrs: []string{"a:6379", "b:6379"}, Username: "u", Password: NewSecret("p"), TLS: true},
		"redis://a:1,redis://b:2": {
			Mode: RedisCluster, Addrs: []string{"a:1", "b:2"}},
		"rediss://:p@a:1,rediss://:p@b:2": {
			Mode: RedisCluster, Addrs: []string{"a:1", "b:2"}, Password: NewSecret("p"), TLS: true},
		"redis-cluster://a":      {Mode: RedisCluster, Addrs: []string{"a:6379"}},
		"rediss-cluster://a:1/0": {Mode: RedisCluster, Addrs: []string{"a:1"}, TLS: true},
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := ParseRedis(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("target (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRedisRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                                "scheme",
		"hidden:6379":                     "scheme",
		"http://hidden":                   "scheme",
		"redis-hidden://h":                "scheme",
		"redis-://h":                      "scheme",
		"hidden-cluster://h":              "scheme",
		"redis://":                        "host is missing",
		"redis://:6379":                   "host is missing",
		"redis://a,,b":                    "host is missing",
		"redis://a,":                      "host is missing",
		"redis://hidden:x":                "port",
		"redis://hidden:0":                "port",
		"redis://hidden:":                 "port",
		"redis://hidden:65536":            "port",
		"redis://::1":                     "host:port",
		"redis://[hidden":                 "characters",
		"redis://hid den":                 "characters",
		"redis://h/hidden":                "database",
		"redis://h/-1":                    "database",
		"redis://h/99999":                 "database",
		"redis://h?db=hidden":             "database",
		"redis://h/%zz":                   "path",
		"redis://h?%zz":                   "query",
		"redis://h?hidden=1":              "option",
		"redis://h?master=hidden":         "option",
		"redis://h#hidden":                "%23",
		"redis://%zzhidden@h":             "user name",
		"redis://u:%zzhidden@h":           "password",
		"redis://:hid@den@h":              "credentials",
		"redis://:hidden@a,redis://:x@b":  "credentials",
		"redis-sentinel://s1,s2":          "master",
		"redis-sentinel://s1/?master=":    "master",
		"redis-sentinel:///m":             "host is missing",
		"redis-sentinel://s1/m?db=hidden": "database",
		"redis://a,b/1":                   "cluster",
		"redis-cluster://a?db=1":          "cluster",
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := ParseRedis(text)
			if err == nil {
				t.Fatalf("taken as %+v", got)
			}
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hid") {
				t.Errorf("error %q should speak of %q and show no value", err, want)
			}
			if diff := cmp.Diff(RedisTarget{}, got); diff != "" {
				t.Errorf("a target came with the error: %s", diff)
			}
		})
	}
}

func FuzzParseRedis(f *testing.F) {
	f.Add("redis://u:p@a:1,b:2/0?db=0")
	f.Add("redis-sentinel://a,b/m?master=x")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseRedis(text)
		if err == nil && (got.Mode == "" || len(got.Addrs) == 0) {
			t.Errorf("ParseRedis(%q) = %+v without an error", text, got)
		}
	})
}
