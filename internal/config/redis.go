package config

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// RedisMode is how a Redis is spoken to.
type RedisMode string

// The modes.
const (
	RedisSingle   RedisMode = "single"
	RedisSentinel RedisMode = "sentinel"
	RedisCluster  RedisMode = "cluster"
)

// RedisTarget says where Redis is. Addrs are host:port: one for a single
// server, else the sentinels or the cluster's nodes. Username and Password are
// those of the data nodes.
type RedisTarget struct {
	Mode             RedisMode
	Addrs            []string
	Username         string
	Password         Secret
	DB               int
	Master           string // the name that the sentinels know
	SentinelUsername string
	SentinelPassword Secret
	TLS              bool
}

// UnmarshalText is [ParseRedis].
func (t *RedisTarget) UnmarshalText(text []byte) error {
	parsed, err := ParseRedis(string(text))
	if err == nil {
		*t = parsed
	}
	return err
}

// ParseRedis understands
//
//	redis://[user:password@]host[:6379][/db]
//	redis-sentinel://[user:password@]host[:26379],host.../master[?db=]
//	redis-cluster://[user:password@]host[:6379],host...
//	redis://host,host... or redis://host,redis://host... (a cluster, too)
//
// and each with rediss in place of redis for TLS. The database may also stand
// in ?db=, the master in ?master=; sentinels with credentials of their own have
// them in ?sentinel_username= and ?sentinel_password=. Special characters in
// names and passwords are percent-encoded. Errors hold no part of the text.
func ParseRedis(text string) (RedisTarget, error) {
	scheme, rest, _ := strings.Cut(text, "://")
	t, ok := schemeTarget(scheme)
	if !ok {
		return RedisTarget{}, reason("the scheme is unknown")
	}
	rest = strings.ReplaceAll(rest, ","+scheme+"://", ",")
	if strings.Contains(rest, "#") {
		return RedisTarget{}, reason("there is a fragment; # is written %23")
	}
	rest, query, _ := strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	for _, step := range []func() error{
		func() error { return t.authority(authority) },
		func() error { return t.path(path) },
		func() error { return t.query(query) },
		t.check,
	} {
		if err := step(); err != nil {
			return RedisTarget{}, err
		}
	}
	return t, nil
}

func schemeTarget(scheme string) (RedisTarget, bool) {
	base, mode, _ := strings.Cut(strings.ToLower(scheme), "-")
	t := RedisTarget{Mode: RedisMode(mode), TLS: base == "rediss"}
	if !strings.Contains(scheme, "-") {
		t.Mode = RedisSingle
	} else if t.Mode != RedisSentinel && t.Mode != RedisCluster {
		return t, false
	}
	return t, base == "redis" || base == "rediss"
}

func (t *RedisTarget) authority(s string) error {
	user, hosts, err := splitUser(s)
	if err != nil {
		return err
	}
	name, password, _ := strings.Cut(user, ":")
	if t.Username, err = url.PathUnescape(name); err != nil {
		return reason("the user name is wrongly percent-encoded")
	}
	if password, err = url.PathUnescape(password); err != nil {
		return reason("the password is wrongly percent-encoded")
	}
	t.Password = NewSecret(password)
	port := "6379"
	if t.Mode == RedisSentinel {
		port = "26379"
	}
	for host := range strings.SplitSeq(hosts, ",") {
		addr, err := address(host, port)
		if err != nil {
			return err
		}
		t.Addrs = append(t.Addrs, addr)
	}
	if t.Mode == RedisSingle && len(t.Addrs) > 1 {
		t.Mode = RedisCluster
	}
	return nil
}

// splitUser cuts off the credentials, which a comma list may repeat before
// every host.
func splitUser(s string) (user, hosts string, err error) {
	if strings.Count(s, "@") <= 1 {
		if before, after, ok := strings.Cut(s, "@"); ok {
			return before, after, nil
		}
		return "", s, nil
	}
	var list []string
	for i, part := range strings.Split(s, ",") {
		before, host, ok := strings.Cut(part, "@")
		if i == 0 {
			user = before
		}
		if !ok || before != user || strings.Contains(host, "@") {
			return "", "", reason("the credentials differ between hosts, or hold an @ or a comma that is not percent-encoded")
		}
		list = append(list, host)
	}
	return user, strings.Join(list, ","), nil
}

func address(s, defaultPort string) (string, error) {
	host, port := s, defaultPort
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		host = s[1 : len(s)-1]
	} else if strings.Contains(s, ":") {
		var err error
		if host, port, err = net.SplitHostPort(s); err != nil {
			return "", reason("a host is not host:port")
		}
	}
	switch {
	case host == "":
		return "", reason("a host is missing")
	case strings.ContainsAny(host, " \t[]"):
		return "", reason("a host holds characters that no host has")
	case !portNumber(port) || port == "0":
		return "", reason("a port is not a number from 1 to 65535")
	}
	return net.JoinHostPort(host, port), nil
}

func (t *RedisTarget) path(s string) error {
	text, err := url.PathUnescape(s)
	switch {
	case err != nil:
		return reason("the path is wrongly percent-encoded")
	case text == "":
		return nil
	case t.Mode == RedisSentinel:
		t.Master = text
		return nil
	}
	return t.database(text)
}

func (t *RedisTarget) query(s string) error {
	values, err := url.ParseQuery(s)
	if err != nil {
		return reason("the query is malformed")
	}
	for name, list := range values {
		value := list[len(list)-1]
		switch {
		case name == "db":
			if err := t.database(value); err != nil {
				return err
			}
		case name == "master" && t.Mode == RedisSentinel:
			t.Master = value
		case name == "sentinel_username" && t.Mode == RedisSentinel:
			t.SentinelUsername = value
		case name == "sentinel_password" && t.Mode == RedisSentinel:
			t.SentinelPassword = NewSecret(value)
		default:
			return reason("the query holds an option that is unknown here; known are db and, with sentinels, master, sentinel_username and sentinel_password")
		}
	}
	return nil
}

func (t *RedisTarget) database(s string) error {
	db, err := strconv.ParseUint(s, 10, 15)
	if err != nil {
		return reason("the database is not a number from 0 on")
	}
	t.DB = int(db)
	return nil
}

func (t *RedisTarget) check() error {
	switch {
	case t.Mode == RedisSentinel && t.Master == "":
		return reason("the name of the master is missing")
	case t.Mode == RedisCluster && t.DB != 0:
		return reason("a cluster has database 0 alone")
	}
	return nil
}
