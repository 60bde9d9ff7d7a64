package app

import (
	"encoding/base64"
	"net/url"
	"strings"
)

const testToken = "test-token-of-tenant-default"

// testEnv is the environment of a production set-up on this machine.
func testEnv(redisAddr, password, sandboxURL string, slugs []string) map[string]string {
	env := map[string]string{
		"FERRY_REDIS_URL":             (&url.URL{Scheme: "redis", User: url.UserPassword("", password), Host: redisAddr}).String(),
		"FERRY_MASTER_KEY":            base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef")),
		"FERRY_API_TOKEN":             testToken,
		"FERRY_ADDR":                  "127.0.0.1:0",
		"FERRY_ALLOW_PRIVATE_TARGETS": "true",
		"FERRY_LOG_LEVEL":             "warn",
	}
	if password == "" {
		env["FERRY_REDIS_URL"] = "redis://" + redisAddr
	}
	for _, slug := range slugs {
		env["FERRY_CRM_BASE_URL_"+strings.ToUpper(strings.ReplaceAll(slug, "-", "_"))] = sandboxURL + "/" + slug
	}
	return env
}
