// Package chaos holds the fault suite, built like the simplest of Jepsen's: a
// generator posts contacts, a nemesis kills, pauses, cuts and lies meanwhile,
// and a checker holds what the CRMs hold against what the jobs say.
//
// The short form runs with the other tests. The long form:
//
//	go test ./internal/chaos -run TestLong -v -timeout 30m -chaos.long -chaos.jobs=1000 -chaos.seed=7
package chaos
