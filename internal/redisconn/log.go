package redisconn

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/redis/go-redis/v9"
)

// LogTo sends what the Redis client says by itself to log. It holds for the
// whole process.
func LogTo(log *slog.Logger) { redis.SetLogger(logger{log}) }

type logger struct{ *slog.Logger }

// Printf hears of each failed connection, of which an outage has hundreds and
// whoever needed it gets an error, and of changes of a master, which are rare.
func (l logger) Printf(ctx context.Context, format string, args ...any) {
	level, text := slog.LevelDebug, fmt.Sprintf(format, args...)
	if strings.HasPrefix(text, "sentinel: ") {
		level = slog.LevelInfo
	}
	l.Log(ctx, level, text, "from", "go-redis")
}
