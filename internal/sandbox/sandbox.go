// Package sandbox serves imitations of the CRMs over HTTP, for the demo and
// for tests: each with its vendor's authentication, validation, error bodies,
// duplicates and limits, and with faults that can be injected.
//
// An imitation lives under /<slug>; what it serves there is the vendor's API.
// Its accounts need no setting up: the credential sbx_<slug>_<account> opens
// the account of that name, see package kit. The control API under /_sandbox/
// is for tests that run in another process.
package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"crmferry/internal/sandbox/affinity"
	"crmferry/internal/sandbox/attio"
	"crmferry/internal/sandbox/capsule"
	"crmferry/internal/sandbox/close"
	"crmferry/internal/sandbox/copper"
	"crmferry/internal/sandbox/dynamics365sales"
	"crmferry/internal/sandbox/freshsales"
	"crmferry/internal/sandbox/highlevel"
	"crmferry/internal/sandbox/hubspot"
	"crmferry/internal/sandbox/insightly"
	"crmferry/internal/sandbox/keap"
	"crmferry/internal/sandbox/kit"
	"crmferry/internal/sandbox/mondaycrm"
	"crmferry/internal/sandbox/nutshell"
	"crmferry/internal/sandbox/onepagecrm"
	"crmferry/internal/sandbox/outreach"
	"crmferry/internal/sandbox/pipedrive"
	"crmferry/internal/sandbox/pipeliner"
	"crmferry/internal/sandbox/planhat"
	"crmferry/internal/sandbox/salesflare"
	"crmferry/internal/sandbox/salesforce"
	"crmferry/internal/sandbox/teamleader"
	"crmferry/internal/sandbox/wix"
	"crmferry/internal/sandbox/zendesksell"
	"crmferry/internal/sandbox/zohocrm"
)

// Options are what all imitations of a world share.
type Options = kit.Options

// World is all imitations behind one handler. It is safe for concurrent use.
type World struct {
	crms    map[string]*kit.CRM
	control http.Handler
}

// specs is the list of imitations.
func specs() []kit.Spec {
	return []kit.Spec{
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

// New starts every imitation, empty.
func New(o Options) *World {
	w := &World{crms: map[string]*kit.CRM{}}
	for _, spec := range specs() {
		w.crms[spec.Slug] = kit.New(spec, o)
	}
	w.control = control(w)
	return w
}

// ServeHTTP sends a request to its imitation or to the control API.
func (w *World) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	slug, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch crm := w.crms[slug]; {
	case slug == "_sandbox":
		w.control.ServeHTTP(rw, r)
	case crm != nil:
		http.StripPrefix("/"+slug, crm).ServeHTTP(rw, r)
	default:
		http.NotFound(rw, r)
	}
}

// CRM is an imitation; nil when the slug is unknown.
func (w *World) CRM(slug string) *kit.CRM { return w.crms[slug] }

// Slugs lists the imitations by name.
func (w *World) Slugs() []string {
	var slugs []string
	for slug := range w.crms {
		slugs = append(slugs, slug)
	}
	slices.Sort(slugs)
	return slugs
}

// Connect tells how to connect an account of an imitation: the auth and
// settings objects of an integrated account. Hosts that the settings name lie
// under baseURL, where this world is served; they have the vendor's own form
// when it is empty. Both are nil when the slug is unknown.
func (w *World) Connect(slug, account, baseURL string) (auth, settings map[string]string) {
	crm := w.crms[slug]
	if crm == nil {
		return nil, nil
	}
	base := ""
	if baseURL != "" {
		base = strings.TrimSuffix(baseURL, "/") + "/" + slug
	}
	return crm.Connect(account, base)
}

// SetIndexLag changes how long the searches of all imitations miss a fresh
// record.
func (w *World) SetIndexLag(d time.Duration) {
	for _, crm := range w.crms {
		crm.SetIndexLag(d)
	}
}
