// Command ebsim runs lessons and scenarios on a simulated cloud of encrypted
// volumes and snapshots, and acts on one kept in a data directory.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/ebsim/ebsim/cmd/ebsim/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := command.Run(ctx, os.Args[1:], command.Process())
	stop()
	os.Exit(status)
}
