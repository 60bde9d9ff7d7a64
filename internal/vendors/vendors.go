// Package vendors lists the connectors.
package vendors

import (
	"crmferry/internal/connector"
	"crmferry/internal/vendors/affinity"
	"crmferry/internal/vendors/hubspot"
	"crmferry/internal/vendors/mondaycrm"
	"crmferry/internal/vendors/salesforce"
)

// All makes the Specs of all CRMs, sorted by id.
func All() []*connector.Spec {
	return []*connector.Spec{
		affinity.Spec(),
		hubspot.Spec(),
		mondaycrm.Spec(),
		salesforce.Spec(),
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
