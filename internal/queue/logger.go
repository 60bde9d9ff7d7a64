package queue

import (
	"context"
	"fmt"
	"log/slog"
)

// logger gives asynq's words to slog. They hold task ids, no payloads. That
// Redis is full asynq says with every try; we say it once.
type logger struct{ *slog.Logger }

func (l logger) Debug(args ...any) { l.say(slog.LevelDebug, args) }
func (l logger) Info(args ...any)  { l.say(slog.LevelInfo, args) }
func (l logger) Warn(args ...any)  { l.say(slog.LevelWarn, args) }
func (l logger) Error(args ...any) { l.say(slog.LevelError, args) }
func (l logger) Fatal(args ...any) { l.say(slog.LevelError, args) }

func (l logger) say(level slog.Level, args []any) {
	text := fmt.Sprint(args...)
	if refusal(text) {
		level = slog.LevelDebug
	}
	l.Log(context.Background(), level, text, "from", "asynq")
}
