package connectortest

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"crmferry/internal/connector"
)

// Waiver excuses one connector from one demand of the suite.
type Waiver struct {
	CRM string
	// Cell is "request/<field>" or "response/<field>" for a cell of the matrix
	// that the CRM cannot serve, "requires/<field>" for a field that the CRM
	// demands and the matrix does not, or "unread/<field>" for a field that
	// other answers than those to a create give back.
	Cell string
	// Reason is a fact about the CRM, and Source where its vendor says so.
	Reason string
	Source string
}

const unread = "unread/"

// OfMatrix says whether the waiver is of a cell of the matrix.
func (w Waiver) OfMatrix() bool {
	return strings.HasPrefix(w.Cell, request+"/") || strings.HasPrefix(w.Cell, response+"/")
}

func waiver(list []Waiver, crm, cell string) (Waiver, bool) {
	i := slices.IndexFunc(list, func(w Waiver) bool { return w.CRM == crm && w.Cell == cell })
	if i < 0 {
		return Waiver{}, false
	}
	return list[i], true
}

// CheckWaivers demands that every waiver is about one of specs, gives a reason
// and its source, and stands there once.
func CheckWaivers(t testing.TB, specs []*connector.Spec) {
	t.Helper()
	soundWaivers(t, Waivers(), specs)
}

func soundWaivers(t testing.TB, list []Waiver, specs []*connector.Spec) {
	t.Helper()
	for i, w := range list {
		if !slices.ContainsFunc(specs, func(s *connector.Spec) bool { return s.ID == w.CRM }) {
			t.Errorf("a waiver is about %s, which is no CRM", w.CRM)
		}
		if u, err := url.Parse(w.Source); err != nil || u.Scheme != "https" || w.Reason == "" {
			t.Errorf("the waiver of %s of %s has no reason or no source", w.Cell, w.CRM)
		}
		if _, twice := waiver(list[:i], w.CRM, w.Cell); twice {
			t.Errorf("the waiver of %s of %s stands there twice", w.Cell, w.CRM)
		}
	}
}

// Waivers lists them all.
func Waivers() []Waiver {
	created := func(crm, reason, source string) Waiver { return Waiver{crm, "request/created_at", reason, source} }
	return []Waiver{
		created("attio", "created_at is a system attribute, which requests may not set",
			"https://docs.attio.com/docs/standard-objects/standard-objects-people"),
		created("capsule", "createdAt of a party is read-only", "https://developer.capsulecrm.com/v2/models/party"),
		created("copper", "date_created is not among the fields of a create", "https://developer.copper.com/people/create-a-new-person.html"),
		created("freshsales", "created_at is set by Freshsales", "https://developers.freshworks.com/crm/api/"),
		created("highlevel", "dateAdded is read-only: the schema of a create lacks it, and unknown keys are refused",
			"https://github.com/GoHighLevel/highlevel-api-docs/blob/main/apps/contacts.json"),
		created("hubspot", "createdate is set by HubSpot", "https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide"),
		created("insightly", "DATE_CREATED_UTC is read-only", "https://api.na1.insightly.com/v3.1/swagger/docs/v3.1"),
		created("keap", "create_time is read-only", "https://github.com/infusionsoft/keap-sdk/blob/main/sdks/v2/swagger.yml"),
		{"keap", "response/last_activity_at", "contacts tell when they were created and changed, and nothing of activities",
			"https://github.com/infusionsoft/keap-sdk/blob/main/sdks/v2/swagger.yml"},
		created("monday-crm", "create_item has no argument for a creation time", "https://developer.monday.com/api-reference/reference/items"),
		created("onepagecrm", "created_at is read-only", "https://github.com/OnePageCRM/swagger/blob/master/swagger.yaml"),
		{"pipedrive", "response/urls", "persons have no field for web addresses",
			"https://developers.pipedrive.com/docs/api/v1/Persons#getPerson"},
		created("wix", "createdDate is read-only",
			"https://dev.wix.com/docs/rest/crm/members-contacts/contacts/contacts/contact-v4/create-contact"),
		created("zendesk-sell", "created_at is read-only", "https://developer.zendesk.com/api-reference/sales-crm/resources/contacts"),
	}
}
