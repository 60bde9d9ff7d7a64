// Command api serves Ferry's HTTP API. Without FERRY_REDIS_URL it brings its
// own Redis and worker; with -demo also imitation CRMs and a tour of it all.
// "api import FILE" is a client: it uploads a file to a running API and follows
// the import.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"crmferry/internal/app"
	"crmferry/internal/cli"
	"crmferry/internal/config"
)

func main() {
	demo := flag.Bool("demo", false, "run everything in this process, with imitation CRMs, and show what happens")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if flag.Arg(0) == "import" {
		code := cli.Import(ctx, flag.Args()[1:], config.Environ(), cli.Terminal())
		stop()
		os.Exit(code)
	}
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "api: unknown command %q; there is import\n", flag.Arg(0))
		os.Exit(2)
	}
	run := func() error { return app.RunAPI(ctx, config.Environ(), os.Stderr) }
	if *demo {
		run = func() error { return app.RunDemo(ctx, config.Environ(), os.Stdout, os.Stderr) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}
