package localredis

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startWithParent starts cmd so that the kernel ends it when this process dies,
// however it dies. The kernel watches the thread that started it, which is why
// that thread is kept until the child's end.
func startWithParent(cmd *exec.Cmd, exited chan<- struct{}) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(exited)
		}
	}()
	return <-started
}
