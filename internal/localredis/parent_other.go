//go:build !linux

package localredis

import "os/exec"

// startWithParent starts cmd. Only Linux ends a child with its parent; elsewhere
// Stop does, unless the parent is killed.
func startWithParent(cmd *exec.Cmd, exited chan<- struct{}) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	return nil
}
