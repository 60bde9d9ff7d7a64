package imports

import "testing"

func TestDecide(t *testing.T) {
	t.Parallel()
	was := func(s RowStatus, remote string) *Result { return &Result{Status: s, RemoteID: remote} }
	type row struct {
		name   string
		prior  Prior
		on     OnChanged
		wait   bool
		update string
		status RowStatus
		code   string
		remote string
	}
	for _, c := range []row{
		{name: "none"},
		{name: "same, written", prior: Prior{Found: true, Same: true, Result: was(RowSucceeded, "1")}, status: RowSkipped, remote: "1"},
		{name: "same, skipped", prior: Prior{Found: true, Same: true, Result: was(RowSkipped, "1")}, status: RowSkipped, remote: "1"},
		{name: "same, written, with update", prior: Prior{Found: true, Same: true, Result: was(RowSucceeded, "1")}, on: ChangedUpdate, status: RowSkipped, remote: "1"},
		{name: "same, failed", prior: Prior{Found: true, Same: true, Result: was(RowFailed, "")}},
		{name: "same, cancelled", prior: Prior{Found: true, Same: true, Result: was(RowCancelled, "")}},
		{name: "same, unknown", prior: Prior{Found: true, Same: true, Result: was(RowUnknown, "")}, status: RowUnknown, code: codeRefUncertain},
		{name: "same, under way", prior: Prior{Found: true, Same: true}, wait: true},
		{name: "same, under way in the same file", prior: Prior{Found: true, Same: true, Within: true}, status: RowFailed, code: codeRefTwice},
		{name: "same, written in the same file", prior: Prior{Found: true, Same: true, Within: true, Result: was(RowSucceeded, "1")}, status: RowSkipped, remote: "1"},
		{name: "changed, written", prior: Prior{Found: true, Result: was(RowSucceeded, "1")}, status: RowFailed, code: codeRefChanged},
		{name: "changed, written, fail", prior: Prior{Found: true, Result: was(RowSucceeded, "1")}, on: ChangedFails, status: RowFailed, code: codeRefChanged},
		{name: "changed, written, update", prior: Prior{Found: true, Result: was(RowSucceeded, "1")}, on: ChangedUpdate, update: "1"},
		{name: "changed, skipped, update", prior: Prior{Found: true, Result: was(RowSkipped, "1")}, on: ChangedUpdate, update: "1"},
		{name: "changed, no id, update", prior: Prior{Found: true, Result: was(RowSucceeded, "")}, on: ChangedUpdate, status: RowFailed, code: codeRefChanged},
		{name: "changed, failed", prior: Prior{Found: true, Result: was(RowFailed, "")}},
		{name: "changed, failed, update", prior: Prior{Found: true, Result: was(RowFailed, "")}, on: ChangedUpdate},
		{name: "changed, unknown", prior: Prior{Found: true, Result: was(RowUnknown, "")}, status: RowFailed, code: codeRefChanged},
		{name: "changed, unknown, update", prior: Prior{Found: true, Result: was(RowUnknown, "")}, on: ChangedUpdate, status: RowUnknown, code: codeRefUncertain},
		{name: "changed, under way", prior: Prior{Found: true}, wait: true},
	} {
		got := Decide(c.prior, c.on)
		if got.Wait != c.wait || got.Update != c.update || (got.Result == nil) != (c.status == "") {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		if got.Result == nil {
			continue
		}
		code := ""
		if got.Result.Error != nil {
			code = got.Result.Error.Code
		}
		if got.Result.Status != c.status || code != c.code || got.Result.RemoteID != c.remote {
			t.Errorf("%s: %+v, %s", c.name, got.Result, code)
		}
	}
}
