// Package api is Ferry's HTTP surface: routes, their types, authentication,
// problem answers and the OpenAPI document. It is the only package that knows
// gin.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"crmferry/internal/account"
	"crmferry/internal/connector"
	"crmferry/internal/imports"
	"crmferry/internal/job"
	"crmferry/internal/webhook"
)

// Catalogue knows the CRMs. Its Specs do not change.
type Catalogue interface {
	All() []*connector.Spec
	Lookup(crm string) (*connector.Spec, bool)
}

// Accounts keeps integrated accounts; an *account.Service is one. Errors are
// those that its methods document.
type Accounts interface {
	Create(ctx context.Context, tenant, createdBy string, req account.CreateRequest) (account.Account, error)
	Get(ctx context.Context, tenant, id string) (account.Account, error)
	List(ctx context.Context, tenant string, f account.Filter) (accounts []account.Account, next string, err error)
	Delete(ctx context.Context, tenant, id string) error
	Check(ctx context.Context, tenant, id string) (connector.Identity, error)
	// Describe may be up to two seconds old; it is asked for every create.
	Describe(ctx context.Context, tenant, id string) (account.Account, *connector.Spec, error)
}

// Deps is what the API works with. Jobs, Accounts, Catalogue, Tokens, Pace,
// Imports and Webhooks are needed.
type Deps struct {
	Jobs      *job.Service
	Accounts  Accounts
	Catalogue Catalogue
	Tokens    Tokens
	Pace      Pace
	// Imports takes files in and has them carried out.
	Imports *imports.Service
	// Lookup finds people again; without it there is no such route.
	Lookup Lookup
	// Webhooks keeps endpoints and tells of deliveries.
	Webhooks *webhook.Service
	// Ready says whether requests can be served; nil means always.
	Ready func(context.Context) error
	// Logger gets one line for each request; nil is silence.
	Logger *slog.Logger
	// Observe hears of each request; route is a pattern. Nil for none.
	Observe func(route, method string, status int, took time.Duration)
	// Now is the clock of jobs; nil is time.Now.
	Now func() time.Time
	// NewKey makes the UUID by which a CRM knows a job.
	NewKey func() string
	// UploadPatience is how long an upload may bring no byte; 0 is 30 s.
	UploadPatience time.Duration
	// Uploading is told of each file that begins to come in, and calls what it
	// gives when the file is done with. Nil for nobody.
	Uploading func() (over func())
	// Closing, once closed, ends all waiting: waiting requests answer with what
	// there is, uploads are refused. Nil for never.
	Closing <-chan struct{}
	// Version is shown in the OpenAPI document.
	Version string
}

// server is the Deps and what is made of them once.
type server struct {
	Deps
	huma     huma.API
	formats  formats
	document []byte // the OpenAPI document
	docs     []byte // the same for people
	rates    *rates
	watches  *watches
}

// New makes the handler of all routes. Requests may wait up to 60 s for a job,
// so the server's write time-out must be longer.
func New(d Deps) (http.Handler, error) {
	if d.Jobs == nil || d.Accounts == nil || d.Catalogue == nil || d.Tokens == nil || d.Pace == nil || d.Imports == nil || d.Webhooks == nil || d.NewKey == nil {
		return nil, errors.New("api: Jobs, Accounts, Catalogue, Tokens, Pace, Imports, Webhooks and NewKey are needed")
	}
	patterns, err := compileFormats(d.Catalogue.All())
	if err != nil {
		return nil, err
	}
	s := &server{Deps: d.withDefaults(), formats: patterns, rates: &rates{}, watches: newWatches(d.Imports)}
	engine := s.engine()
	guarded := engine.Group("/", s.authenticate)
	s.huma = humagin.NewWithGroup(engine, guarded, s.config())
	s.addContacts()
	s.addImports(guarded)
	s.addImportReads()
	s.addImportActions()
	s.addImportStreams(guarded)
	s.addJobs()
	if s.Lookup != nil {
		s.addLookup()
	}
	s.addAccounts()
	s.addLimits()
	s.addWebhooks()
	s.addCRMs()
	s.addOpen(engine)
	if err := s.finishDocument(); err != nil {
		return nil, err
	}
	return head(engine), nil
}

func (d Deps) withDefaults() Deps {
	if d.Ready == nil {
		d.Ready = func(context.Context) error { return nil }
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Observe == nil {
		d.Observe = func(string, string, int, time.Duration) {}
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Uploading == nil {
		d.Uploading = func() func() { return func() {} }
	}
	if d.UploadPatience == 0 {
		d.UploadPatience = 30 * time.Second
	}
	if d.Version == "" {
		d.Version = "dev"
	}
	return d
}

// engine is gin without its own answers, logs and redirects.
func (s *server) engine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.Use(s.observe)
	engine.NoRoute(s.notFound)
	engine.NoMethod(s.wrongMethod)
	return engine
}

// now is the time as jobs keep it.
func (s *server) now() time.Time { return s.Now().UTC() }
