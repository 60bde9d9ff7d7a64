package chaos

import (
	"fmt"
	"slices"

	"crmferry/internal/fleet"
	"crmferry/internal/sandbox/kit"
)

// history is what happened at one CRM.
type history struct {
	kind     kind
	people   []person
	accepted map[string]string    // client reference by id of every accepted job
	jobs     map[string]fleet.Job // as they stand in the end
	records  []kit.Entry          // what the CRM stored, without what stood there before
}

// verdict is what the checker found.
type verdict struct {
	jobs, succeeded, failed, unknown int
	// lost counts jobs that nobody knows any more, that do not end, or whose
	// contact is nowhere; twice contacts that nobody asked for.
	lost, twice int
	complaints  []string
}

func (v *verdict) complain(format string, args ...any) {
	v.complaints = append(v.complaints, fmt.Sprintf(format, args...))
}

// dossier is one person: what was asked for, and what the CRM holds.
type dossier struct {
	person
	email   string
	jobs    []fleet.Job
	records []string
}

// check holds a history against what was promised.
func check(h history) verdict {
	v := verdict{jobs: len(h.accepted)}
	owners := map[string]string{} // job by remote id
	for _, d := range dossiers(h, &v) {
		succeeded, unknown, failed := v.sort(h.kind, d)
		for _, j := range succeeded {
			v.own(d, j, owners)
		}
		v.count(d, len(succeeded), len(unknown))
		for _, j := range failed {
			v.refused(h.kind, d, j)
		}
		for _, j := range unknown {
			v.doubted(h.kind, d, j)
		}
	}
	return v
}

// dossiers sorts jobs and records by person.
func dossiers(h history, v *verdict) []*dossier {
	var list []*dossier
	byName, byEmail := map[string]*dossier{}, map[string]*dossier{}
	for _, p := range h.people {
		d := &dossier{person: p, email: fleet.Email(p.name)}
		list, byName[p.name], byEmail[d.email] = append(list, d), d, d
	}
	jobOf := map[string]string{} // by reference
	for id, ref := range h.accepted {
		if other := jobOf[ref]; other != "" {
			v.twice++
			v.complain("%s: one request made two jobs, %s and %s", ref, other, id)
		}
		jobOf[ref] = id
		j, known := h.jobs[id]
		if d := byName[nameOf(ref)]; d == nil {
			v.complain("%s: nobody posted %q", id, ref)
		} else if !known || !j.Over() {
			v.lost++
			v.complain("%s of %s is lost: known=%t, %s", id, ref, known, j.Status)
			d.jobs = append(d.jobs, j)
		} else {
			d.jobs = append(d.jobs, j)
		}
	}
	for _, r := range h.records {
		if d := byEmail[r.Email]; d != nil {
			d.records = append(d.records, r.ID)
		} else {
			v.complain("record %s: nobody posted %q", r.ID, r.Email)
		}
	}
	return list
}

// sort counts a person's jobs by how they ended.
func (v *verdict) sort(k kind, d *dossier) (succeeded, unknown, failed []fleet.Job) {
	for _, j := range d.jobs {
		switch {
		case j.Status == "succeeded" && j.Outcome == "created":
			succeeded = append(succeeded, j)
		case j.Status == "unknown":
			unknown = append(unknown, j)
		case j.Status == "failed":
			failed = append(failed, j)
		case j.Over():
			v.complain("%s of %s ended %s %s", j.ID, d.name, j.Status, j.Outcome)
		}
	}
	if k.unique && d.seed != "" && len(succeeded) > 0 {
		v.complain("%s: %d jobs created a contact that stood there before", d.name, len(succeeded))
	}
	v.succeeded += len(succeeded)
	v.unknown += len(unknown)
	v.failed += len(failed)
	return succeeded, unknown, failed
}

// own: the record of a succeeded job is its own, and no other's.
func (v *verdict) own(d *dossier, j fleet.Job, owners map[string]string) {
	id := j.Result.ID
	switch {
	case id == d.seed && id != "":
		v.complain("%s of %s took the record from last year for its own", j.ID, d.name)
	case !slices.Contains(d.records, id):
		v.complain("%s of %s names record %q, which was never made for that person", j.ID, d.name, id)
	case owners[id] != "":
		v.complain("%s of %s and %s both hold record %s", j.ID, d.name, owners[id], id)
	default:
		owners[id] = j.ID
	}
}

// count: each succeeded job left one record, each unknown one at most one, and
// nothing else left any.
func (v *verdict) count(d *dossier, succeeded, unknown int) {
	if n := succeeded - len(d.records); n > 0 {
		v.lost += n
		v.complain("%s: %d jobs succeeded, %d records were made", d.name, succeeded, len(d.records))
	}
	if n := len(d.records) - succeeded - unknown; n > 0 {
		v.twice += n
		v.complain("%s: %d records were made for %d succeeded and %d unknown jobs", d.name, len(d.records), succeeded, unknown)
	}
}

// refused: a job may fail only because the CRM holds the e-mail already.
func (v *verdict) refused(k kind, d *dossier, j fleet.Job) {
	// A refusal without its body says no more than its status.
	mute := k.untold && j.Error.Kind == "invalid" && j.Error.Code == "" && j.Error.RemoteStatus == 422
	switch {
	case !k.unique || j.Error.Kind != "duplicate" && !mute:
		v.complain("%s of %s failed: %+v", j.ID, d.name, j.Error)
	case d.seed == "" && (!d.twin || len(d.records) == 0):
		v.lost++
		v.complain("%s of %s failed as a duplicate of nothing", j.ID, d.name)
	case d.seed != "" && j.Error.RemoteID != "" && j.Error.RemoteID != d.seed:
		v.complain("%s of %s is a duplicate of %s, not of %s", j.ID, d.name, d.seed, j.Error.RemoteID)
	}
}

// doubted: an unknown end is allowed only where nobody can tell, and says why.
func (v *verdict) doubted(k kind, d *dossier, j fleet.Job) {
	switch {
	case !k.mayEndUnknown(d.twin):
		v.complain("%s of %s ended unknown at a CRM that tells: %+v", j.ID, d.name, j.Error)
	case j.Error.Kind != "outcome_unknown" || j.Error.Message == "":
		v.complain("%s of %s is unknown without a reason: %+v", j.ID, d.name, j.Error)
	case !k.blind && len(j.Error.Candidates) == 0:
		v.complain("%s of %s is unknown without candidates: %+v", j.ID, d.name, j.Error)
	}
}
