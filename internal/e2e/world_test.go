package e2e

import (
	"os"
	"testing"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
)

func TestMain(m *testing.M) { os.Exit(fleet.Main(m)) }

// ferry is an installation with what the tests of this package ask of it.
type ferry struct{ *fleet.Fleet }

type job = fleet.Job

func launch(t *testing.T, o sandbox.Options) *ferry {
	t.Helper()
	return &ferry{fleet.Launch(t, fleet.Options{Options: o})}
}

// launchOn is launch on a Redis of the test's own.
func launchOn(t *testing.T, redisURL string, o sandbox.Options, env ...string) *ferry {
	t.Helper()
	return &ferry{fleet.Launch(t, fleet.Options{Options: o, RedisURL: redisURL, Env: env})}
}

// with is the same installation for a subtest.
func (f *ferry) with(t *testing.T) *ferry { return &ferry{f.With(t)} }
