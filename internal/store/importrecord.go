package store

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"crmferry/internal/fingerprint"
	"crmferry/internal/imports"
	"crmferry/internal/job"
	"crmferry/internal/lua"
)

// Imports keeps imports. All of one lies in one slot; the indexes do not.
type Imports struct {
	redis  *lua.Client
	opts   Options
	codec  *imports.Codec
	prints *fingerprint.Keys
}

// Imports is the part of the Store that keeps imports.
func (s *Store) Imports() *Imports {
	return &Imports{redis: s.redis, opts: s.opts, codec: imports.NewCodec(), prints: s.prints}
}

const importPrefix = "imp_"

// NewImportID makes an import's id: a UUID of version 7.
func NewImportID() string {
	u := uuid.Must(uuid.NewV7())
	return importPrefix + idAlphabet.EncodeToString(u[:])
}

// tagOf reads the hash tag out of an id; false when id is none of ours.
func tagOf(id string) (importTag, bool) {
	rest, ok := strings.CutPrefix(id, importPrefix)
	if !ok || len(rest) != 26 || strings.ToLower(rest) != rest {
		return "", false
	}
	if _, err := idAlphabet.DecodeString(rest); err != nil {
		return "", false
	}
	return importTag(rest), true
}

// importFields are the fields of an import's record that tell how it stands:
//
//	v version, t tenant, s status (receiving, ready, running, paused, completed, cancelled, failed)
//	base, content, error: JSON     gen generation     spawned the generation whose turns were made
//	c 1 when cancelled while rows are under way     reason of a pause
//	taken rows taken up, block and offset where the next slice begins
//	started, finished, lease (of the upload): ms     wf, wu what a turn waits for, and until when
//	n:<row status>, o:<outcome> counters     h:n, h:<code> the first failures by code
func importFields() []string {
	return []string{
		"v", "t", "s", "base", "content", "error", "gen", "c", "reason", "taken", "started", "finished", "wf", "wu",
		"n:succeeded", "n:failed", "n:unknown", "n:cancelled", "n:skipped", "o:created", "o:matched", "o:updated",
	}
}

// decodeImport reads the fields of an import's record.
func decodeImport(h map[string]string) (imports.Import, error) {
	var i imports.Import
	if v, _ := strconv.Atoi(h["v"]); v > imports.Version {
		return i, job.ErrNewer
	}
	err := errors.Join(unmarshal(h["base"], &i.Base), unmarshal(h["content"], &i.Content), unmarshal(h["error"], &i.Error))
	number := func(name string) int { n, _ := strconv.Atoi(h[name]); return n }
	i.Status, i.Reason, i.CancelRequested = imports.Status(h["s"]), imports.PauseReason(h["reason"]), h["c"] == "1"
	i.Taken, i.Generation = number("taken"), int64(number("gen"))
	i.WaitingFor = job.WaitingFor(h["wf"])
	for name, at := range map[string]*time.Time{"started": &i.StartedAt, "finished": &i.FinishedAt, "wu": &i.WaitingUntil} {
		if ms, _ := strconv.ParseInt(h[name], 10, 64); ms != 0 {
			*at = milli(ms)
		}
	}
	if i.Status == imports.Running && i.WaitingFor != "" {
		i.Status = imports.Waiting
	}
	i.Counts = imports.Counts{
		Total: i.Rows, Succeeded: number("n:succeeded"), Failed: number("n:failed"), Unknown: number("n:unknown"),
		Cancelled: number("n:cancelled"), Skipped: number("n:skipped"),
		Created: number("o:created"), Matched: number("o:matched"), Updated: number("o:updated"),
	}
	c := &i.Counts
	c.Pending = c.Total - c.Succeeded - c.Failed - c.Unknown - c.Cancelled - c.Skipped
	return i, err
}

func encoded(v any) (string, error) {
	raw, err := json.Marshal(v)
	return string(raw), err
}
