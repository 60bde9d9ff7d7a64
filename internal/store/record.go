package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"crmferry/internal/job"
	"crmferry/internal/lua"
)

// words are the parts of a job as they are written.
type words struct{ state, result, raw []byte }

func written(j job.Job, r *job.Result) (w words, err error) {
	if w.state, err = json.Marshal(j.State); err != nil || r == nil {
		return w, err
	}
	w.raw = r.Raw
	w.result, err = json.Marshal(r)
	return w, err
}

// current turns a script's 0 into ErrStale.
func current(n int, err error) error {
	if err == nil && n == 0 {
		return job.ErrStale
	}
	return err
}

// decodeJob reads the fields of a job's hash.
func decodeJob(h map[string]string) (job.Job, error) {
	var j job.Job
	if err := unmarshal(h["base"], &j.Base); err != nil {
		return j, err
	}
	if err := unmarshal(h["state"], &j.State); err != nil {
		return j, err
	}
	j.Status, j.Place = job.Status(h["s"]), job.Place(h["p"])
	j.CancelRequested = h["c"] == "1"
	var err1, err2 error
	j.Epoch, err1 = strconv.ParseInt(h["e"], 10, 64)
	j.Attempt, err2 = strconv.ParseInt(h["a"], 10, 64)
	return j, errors.Join(err1, err2)
}

// full turns the refusal of a full Redis into ErrFull.
func full(err error) error {
	if lua.Refused(err) {
		return job.ErrFull
	}
	return err
}

func unmarshal(raw string, v any) error {
	if raw == "" {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("store: unreadable record: %w", err)
	}
	return nil
}

// pairs turns the flat list of a hash into a map.
func pairs(v any) map[string]string {
	list, _ := v.([]any)
	h := make(map[string]string, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		k, _ := list[i].(string)
		h[k], _ = list[i+1].(string)
	}
	return h
}

func zip(names []string, values []any) map[string]string {
	h := make(map[string]string, len(names))
	for i, name := range names {
		h[name], _ = values[i].(string)
	}
	return h
}
