// Command worker carries jobs to their CRMs. It shares a Redis with the API
// and may run any number of times.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"crmferry/internal/app"
	"crmferry/internal/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := app.RunWorker(ctx, config.Environ(), os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}
