package app

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"crmferry/internal/config"
)

// masterKey is the configured one; the embedded set-up keeps one of its own.
func masterKey(c config.Config) (config.Secret, error) {
	if c.MasterKey.Reveal() != "" {
		return c.MasterKey, nil
	}
	if !c.Embedded() {
		return config.Secret{}, errors.New("FERRY_MASTER_KEY must be set: it seals credentials (make one with: openssl rand -base64 32)")
	}
	return kept(c.DataDir, "master-key", func() string {
		var key [32]byte
		_, _ = rand.Read(key[:]) // never fails, says crypto/rand
		return base64.StdEncoding.EncodeToString(key[:])
	})
}

// apiToken is the configured one; the embedded set-up makes one and says so.
func apiToken(c config.Config) (token config.Secret, made bool, err error) {
	if c.APIToken.Reveal() != "" {
		return c.APIToken, false, nil
	}
	if !c.Embedded() {
		return config.Secret{}, false, errors.New("FERRY_API_TOKEN must be set: callers authenticate with it")
	}
	token, err = kept(c.DataDir, "api-token", rand.Text)
	return token, true, err
}

// kept reads a secret from a file that only its owner may read, and makes it
// the first time.
func kept(dir, name string, fresh func() string) (config.Secret, error) {
	path := filepath.Join(dir, name)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return config.Secret{}, fmt.Errorf("FERRY_DATA_DIR: %w", err)
		}
		raw = []byte(fresh())
		err = os.WriteFile(path, append(raw, '\n'), 0o600)
	}
	if err != nil {
		return config.Secret{}, fmt.Errorf("FERRY_DATA_DIR: %w", err)
	}
	return config.NewSecret(strings.TrimSpace(string(raw))), nil
}
