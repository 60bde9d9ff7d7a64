package chaos

import (
	"syscall"
	"testing"
	"time"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox"
	"crmferry/internal/sandbox/kit"
)

// TestAWorkerComesBackWithTheAnswer stops a worker while its create is out, at a
// CRM that offers no way to find out what became of it. Another worker ends the
// job unknown; then the first one goes on and is answered.
func TestAWorkerComesBackWithTheAnswer(t *testing.T) {
	t.Parallel()
	f := fleet.Launch(t, fleet.Options{
		Options: sandbox.Options{Unlimited: true},
		Env:     []string{"FERRY_CRM_TIMEOUT=60s", "FERRY_SHUTDOWN_TIMEOUT=70s"}, // longer than the worker is stopped
	})
	blind := kinds()[3]
	crm := f.World.CRM(blind.crm)
	blind.blindfold(crm)
	held := crm.Inject(kit.Fault{Match: kit.Match{Method: "POST"}, Do: kit.WriteThenHold, Times: 1})
	first := f.StartWorker()
	j := f.Post(fleet.Contacts(f.Connect(blind.crm, account)), fleet.Person("Late"))
	if err := held.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	first.Signal(syscall.SIGSTOP)
	f.StartWorker()
	if j = f.Await(j.ID, 45*time.Second); j.Status != "unknown" {
		t.Fatalf("without the first worker it ended %s: %+v", j.Status, j.Error)
	}
	held.Release()
	first.Signal(syscall.SIGCONT)
	f.Eventually(20*time.Second, "proof", func() bool { return f.Await(j.ID, time.Second).Status == "succeeded" })
	j = f.Await(j.ID, time.Second)
	if ledger := crm.Ledger(account); len(ledger) != 1 || j.Result.ID != ledger[0].ID || j.Outcome != "created" {
		t.Errorf("the job names %q, the CRM holds %+v", j.Result.ID, ledger)
	}
}
