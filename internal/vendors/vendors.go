// Package vendors lists the connectors.
//
// A connector is a folder with one exported function, Spec, and is added like
// this:
//
//  1. <crm>.go holds Spec: one literal of facts, each with the vendor's
//     document where it is not the one in Docs. What Spec.Fields cannot hold
//     has a note that says why.
//  2. Wire structs carry the vendor's names in their json tags. encode and
//     decode are one literal each, with no loop and at most two ifs; mappings
//     that other CRMs need too are functions of package shape. Members beside
//     the known ones (custom fields) are shape.Open.
//  3. What of an accepted field finds no place is reported by Call.Warn under
//     the path of the entry ("phone_numbers/2"). Nothing goes missing in
//     silence.
//  4. An account's ids of fields, columns and tags are a Discovery. Calls after
//     the create are Steps, stable over retries, with a Check where a repetition
//     would do harm and the CRM can tell.
//  5. Errors.Parse reads the vendor's refusals; codes and statuses are tables.
//  6. testdata holds conversations, written from the vendor's documents: full,
//     minimal, duplicate and invalid, and one for everything else that the
//     connector does. Package connectortest plays them, and derives from them
//     how the connector must stand every field, failure and secret; what the CRM
//     cannot do is a waiver with its source there.
//  7. The CRM's traps are named in traps_answers_test.go and
//     traps_requests_test.go.
//
// Functions of a Spec are pure: no I/O, clock, log or goroutine, and no state.
package vendors

import (
	"crmferry/internal/connector"
	"crmferry/internal/vendors/affinity"
	"crmferry/internal/vendors/attio"
	"crmferry/internal/vendors/capsule"
	"crmferry/internal/vendors/close"
	"crmferry/internal/vendors/copper"
	"crmferry/internal/vendors/dynamics365sales"
	"crmferry/internal/vendors/freshsales"
	"crmferry/internal/vendors/highlevel"
	"crmferry/internal/vendors/hubspot"
	"crmferry/internal/vendors/insightly"
	"crmferry/internal/vendors/keap"
	"crmferry/internal/vendors/mondaycrm"
	"crmferry/internal/vendors/nutshell"
	"crmferry/internal/vendors/onepagecrm"
	"crmferry/internal/vendors/outreach"
	"crmferry/internal/vendors/pipedrive"
	"crmferry/internal/vendors/pipeliner"
	"crmferry/internal/vendors/planhat"
	"crmferry/internal/vendors/salesflare"
	"crmferry/internal/vendors/salesforce"
	"crmferry/internal/vendors/teamleader"
	"crmferry/internal/vendors/wix"
	"crmferry/internal/vendors/zendesksell"
	"crmferry/internal/vendors/zohocrm"
)

// All makes the Specs of all CRMs, sorted by id.
func All() []*connector.Spec {
	return []*connector.Spec{
		affinity.Spec(),
		attio.Spec(),
		capsule.Spec(),
		close.Spec(),
		copper.Spec(),
		dynamics365sales.Spec(),
		freshsales.Spec(),
		highlevel.Spec(),
		hubspot.Spec(),
		insightly.Spec(),
		keap.Spec(),
		mondaycrm.Spec(),
		nutshell.Spec(),
		onepagecrm.Spec(),
		outreach.Spec(),
		pipedrive.Spec(),
		pipeliner.Spec(),
		planhat.Spec(),
		salesflare.Spec(),
		salesforce.Spec(),
		teamleader.Spec(),
		wix.Spec(),
		zendesksell.Spec(),
		zohocrm.Spec(),
	}
}

// Catalogue finds Specs by id. Its Specs are shared and must not be changed.
type Catalogue struct {
	all  []*connector.Spec
	byID map[string]*connector.Spec
}

// NewCatalogue makes the catalogue of all CRMs.
func NewCatalogue() *Catalogue {
	c := &Catalogue{all: All(), byID: map[string]*connector.Spec{}}
	for _, s := range c.all {
		c.byID[s.ID] = s
	}
	return c
}

// All lists the Specs, sorted by id.
func (c *Catalogue) All() []*connector.Spec { return c.all }

// Lookup finds the Spec of a CRM; false when there is none.
func (c *Catalogue) Lookup(crm string) (*connector.Spec, bool) {
	s, ok := c.byID[crm]
	return s, ok
}
