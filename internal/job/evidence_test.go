package job_test

import "testing"

// TestWhatElseHappensInDoubt: whatever a repeat or a look-up runs into, the
// doubt about the first create stays.
func TestWhatElseHappensInDoubt(t *testing.T) {
	t.Parallel()
	const found, not = "queued>running>verifying>succeeded", "queued>running>verifying>unknown"
	const failed = "queued>running>verifying>failed"
	playOutcomes(t, []outcome{
		{"reset, then 429", own, found, "created", 3, 1},
		{"reset, then refused", own, found, "created", 3, 1},
		{"reset, then 401", own, not, "outcome_unknown", 2, 1},
		{"reset, applied + look-up refused", looks, not, "outcome_unknown", 1, 1},
		{"reset, not applied + look-up refused", looks, not, "outcome_unknown", 1, 0},
		// A repeat that is refused as invalid may mean that the contact is there.
		{"reset, then 400", own, found, "created", 3, 1},
		{"reset, then 400 for good", "key upsert unique", failed, "invalid", 7, 0},
		{"stored, then 400 for good", "key unique", found, "created", 6, 1},
		{"reset, then 400 for good", "id", failed, "invalid", 3, 0},
		{"stored, then 400 for good", "id", found, "created", 2, 1},
		{"stored, then 400 for good", "upsert", not, "outcome_unknown", 6, 1}, // it takes no key to look by
		// So may a refusal that the connector knows to have stored contacts.
		{"422, applied", own, found, "created", 2, 1},
		{"422, applied", "marker look-up", found, "created", 1, 1},
		{"422, applied", "untold neither", not, "outcome_unknown", 1, 1},
		// A request that gets lost again and again is given up where it is known that nothing was stored.
		{"reset, all along", looks, failed, "unavailable", 6, 0},
	})
}

// TestEvidence: a record is adopted only when it is proven to be the job's own.
func TestEvidence(t *testing.T) {
	t.Parallel()
	const found, not = "queued>running>verifying>succeeded", "queued>running>verifying>unknown"
	const failed = "queued>running>verifying>failed"
	playOutcomes(t, []outcome{
		// An older record is not ours; a CRM with unique e-mails calls ours a duplicate of it.
		{"an old record + reset, not applied", "key id upsert marker look-up", found, "created", 2, 2},
		{"an old record + reset, not applied", "unique", failed, "duplicate", 2, 1},
		{"an old record + reset, not applied", "untold", not, "outcome_unknown", 1, 1},
		{"an old record + reset, applied", "key id upsert", found, "created", 2, 2},
		{"an old record + reset, applied", "marker look-up", found, "created", 1, 2},
		{"an old record + reset, applied", "untold", not, "outcome_unknown", 1, 2},
		{"unique e-mails + an old record + reset, not applied", own + " marker look-up", failed, "duplicate", 2, 1},
		// A record that another job holds is not ours, however fresh.
		{"another job's record + reset, not applied", "key id upsert marker look-up untold", found, "created", 2, 2},
		{"another job's record + reset, not applied", "unique", failed, "duplicate", 2, 1},
		{"another job's record + reset, applied", "key id upsert", found, "created", 2, 2},
		{"another job's record + reset, applied", "marker look-up", found, "created", 1, 2},
		{"unique e-mails + another job's record + reset, not applied", own + " " + looks, failed, "duplicate", 2, 1},
		// Our own record is ours, whatever else the CRM refuses.
		{"unique e-mails + reset, applied", own, found, "created", 2, 1},
		{"unique e-mails + reset, applied", "marker look-up", found, "created", 1, 1},
		{"unique e-mails + reset, applied", "untold neither", not, "outcome_unknown", 1, 1},
		// A fresh record with all fields as sent is taken for ours where nothing better tells;
		// where our id or key tells, it is a stranger's.
		{"a fresh one + reset, not applied", "unique", found, "created", 2, 1},
		{"a fresh one + reset, not applied", "look-up", found, "created", 1, 1},
		{"a fresh one + reset, not applied", "key id upsert marker", found, "created", 2, 2},
		{"unique e-mails + a fresh one + reset, not applied", "marker", failed, "duplicate", 2, 1},
		{"unique e-mails + a fresh one + reset, not applied", "id upsert", failed, "duplicate", 2, 1},
		{"a fresh one + reset, then 400 for good", "id", failed, "invalid", 3, 1},
		{"a fresh one + reset, then 400 for good", "upsert", not, "outcome_unknown", 6, 1},
		// What proves nothing ends the job as unknown.
		{"a fresh other one + reset, not applied", "look-up untold", not, "outcome_unknown", 1, 1},
		{"a fresh other one + reset, not applied", "unique", not, "outcome_unknown", 2, 1},
		{"two fresh ones + reset, not applied", "look-up untold", not, "outcome_unknown", 1, 2},
	})
}

func TestCancelAndExpiry(t *testing.T) {
	t.Parallel()
	const found, not = "queued>running>verifying>succeeded", "queued>running>verifying>unknown"
	playOutcomes(t, []outcome{
		{"cancelled before a worker came", every, "queued>running>cancelled", "cancelled", 0, 0},
		{"cancelled while it waits", every, "queued>running>waiting(pace)>cancelled", "cancelled", 1, 0},
		{"cancelled while it waits for 5 s", every, "queued>running>waiting(vendor_down 5s)>cancelled", "cancelled", 1, 0},
		// A cancel that comes too late does not hide what was done.
		{"cancelled while sending", every, "queued>running>succeeded", "created", 1, 1},
		{"cancelled while sending, refused", every, "queued>running>waiting(vendor_down 5s)>queued>running>cancelled", "cancelled", 1, 0},
		{"cancelled while sending, applied", own, found, "created", 2, 1},
		{"cancelled while sending, applied", "marker look-up", found, "created", 1, 1},
		{"cancelled while sending, applied", "untold neither", not, "outcome_unknown", 1, 1},
		{"cancelled while sending, lost", own, found, "created", 2, 1}, // asking is repeating
		{"cancelled while sending, lost", looks, "queued>running>verifying>cancelled", "cancelled", 1, 0},
		{"cancelled while sending, lost", "neither", not, "outcome_unknown", 1, 0},
		{"cancelled while sending, died", own, "queued>running>queued>running>verifying>succeeded", "created", 2, 1},
		{"cancelled while sending, died", "marker look-up", "queued>running>queued>running>verifying>succeeded", "created", 1, 1},

		{"expired before a worker came", every, "queued>running>failed", "expired", 0, 0},
		{"503, 5 s, all along + expires in 6 s", every, "queued>running>waiting(vendor_down 5s)>queued>running>failed", "expired", 2, 0},
		{"429, 30 s + expires in 6 s", every, "queued>running>failed", "expired", 1, 0}, // it would wait in vain
		{"pace + expires in 6 s", every, "queued>running>failed", "expired", 0, 0},
		// In doubt the end is unknown, whatever time has passed.
		{"reset, all along + expires in 6 s", own, not, "outcome_unknown", 3, 0},
		{"reset, not applied + expires in 6 s", looks, not, "outcome_unknown", 1, 0},
		{"reset, applied + expires in 6 s", looks, not, "outcome_unknown", 1, 1},
	})
}
