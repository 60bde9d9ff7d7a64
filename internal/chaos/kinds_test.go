package chaos

import (
	"regexp"
	"time"

	"crmferry/internal/sandbox/kit"
)

// kind is a kind of CRM, by what it offers to tell whether a lost create was
// applied.
type kind struct {
	name string
	crm  string
	// unique: the CRM refuses a second contact with an e-mail.
	unique bool
	// keyed: the CRM tells a repeat by our key.
	keyed bool
	// untold: the CRM tells no time of creation, so that a record which is there
	// may be anybody's.
	untold bool
	// blind: our credential may not look contacts up.
	blind bool
	// lag is how long the imitation's look-ups miss a fresh contact; within
	// what the connector allows for.
	lag time.Duration
	// settings of the integrated account, in pairs.
	settings []string
}

func kinds() []kind {
	return []kind{
		{name: "unique e-mails", crm: "hubspot", unique: true},
		{name: "own idempotency", crm: "monday-crm", keyed: true, lag: 3 * time.Second},
		{name: "look-up with lag", crm: "onepagecrm", lag: 1500 * time.Millisecond},
		{name: "neither", crm: "nutshell", blind: true},
	}
}

// moreKinds are further ways to be of those kinds, for the long form.
func moreKinds() []kind {
	return append(kinds(),
		kind{name: "ids of our choice", crm: "dynamics-365-sales", keyed: true},
		kind{name: "upsert by our key", crm: "zendesk-sell", keyed: true, lag: 3 * time.Second, settings: []string{"external_id_field", "Source Key"}},
		kind{name: "unique, untold", crm: "affinity", unique: true, untold: true},
	)
}

// mayEndUnknown says whether nobody can tell what became of a lost create of a
// contact. Where there is only a look-up that is so for contacts that were
// posted twice: two records with the same fields, each of which may be either
// job's.
func (k kind) mayEndUnknown(twin bool) bool {
	return k.blind || k.untold || twin && !k.unique && !k.keyed
}

// blindfold refuses look-ups in the place where they are made: the reading of
// one record stays allowed.
func (k kind) blindfold(crm *kit.CRM) {
	if k.blind {
		crm.Inject(kit.Fault{
			Match: kit.Match{Method: "GET", Path: regexp.MustCompile(`^/rest/contacts$`)},
			Do:    kit.Status, Status: 403, Body: `{"errors":[{"status":403,"title":"Forbidden"}]}`,
			Header: map[string]string{"Content-Type": "application/json"},
		})
	}
}

// named matches the requests whose body names a person.
func named(name string) *regexp.Regexp { return regexp.MustCompile(`\b` + name + `\b`) }

// lies are the ways in which an imitation misbehaves at random. Creates are
// lost before, while and after they take effect; reads fail.
func lies(seed uint64, probability float64) map[string]kit.Fault {
	all := map[string]kit.Fault{}
	for i, do := range []kit.Kind{
		kit.WriteThenReset, kit.WriteThenClose, kit.WriteThenStatus, kit.WriteThenHold, kit.WriteThenDelay, kit.Truncate,
		kit.Empty2xx, kit.ResetBefore, kit.ResetAfter, kit.Hold, kit.HTML,
	} {
		fault := kit.Fault{Match: kit.Match{Method: "POST"}, Do: do, Probability: probability, Seed: seed + uint64(i)}
		switch do {
		case kit.WriteThenStatus:
			fault.Vendor = kit.VendorServerError
		case kit.WriteThenDelay:
			fault.Delay = kit.Duration(3 * crmTimeout / 4)
		}
		all["crm "+string(do)] = fault
	}
	for i, do := range []kit.Kind{kit.HTML, kit.ResetAfter} {
		all["crm get "+string(do)] = kit.Fault{Match: kit.Match{Method: "GET"}, Do: do, Probability: probability, Seed: seed + 100 + uint64(i)}
	}
	return all
}
