//go:build !unix

package localredis

import (
	"context"
	"os"
	"path/filepath"
)

// lock opens the lock file; only Unix keeps others from doing the same.
func lock(_ context.Context, dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
}
