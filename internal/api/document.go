package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

const (
	healthPath = "/healthz"
	readyPath  = "/readyz"
	schemaPath = "/openapi.json"
	docsPath   = "/docs"

	readyTimeout = 2 * time.Second
)

type health struct {
	Status string `json:"status" example:"ok"`
}

// addOpen adds the routes that need no token.
func (s *server) addOpen(engine *gin.Engine) {
	engine.GET(healthPath, func(c *gin.Context) { c.JSON(http.StatusOK, health{"ok"}) })
	engine.GET(readyPath, s.ready)
	engine.GET(schemaPath, func(c *gin.Context) { c.Data(http.StatusOK, jsonMedia, s.document) })
	engine.GET(docsPath, func(c *gin.Context) {
		c.Header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		c.Data(http.StatusOK, "text/html; charset=utf-8", s.docs)
	})
	engine.GET(problemPath+":name", s.explain)
}

func (s *server) ready(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), readyTimeout)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		s.refuse(c, problem(problemUnavailable, "Not ready to serve requests.").with("Retry-After", "1").because(err))
		return
	}
	c.JSON(http.StatusOK, health{"ok"})
}

// explain leads from a problem's type to its description.
func (s *server) explain(c *gin.Context) {
	for _, t := range problemTypes() {
		if t.Name == c.Param("name") {
			c.Redirect(http.StatusFound, docsPath+"#"+anchor(t.Path()))
			return
		}
	}
	s.notFound(c)
}

// finishDocument completes the OpenAPI document and writes it and the readable
// one, once for all.
func (s *server) finishDocument() (err error) {
	doc := s.huma.OpenAPI()
	schema[Problem](s)
	s.describeHealth()
	operations(doc, func(op *huma.Operation) {
		for _, r := range op.Responses {
			if media, ok := r.Content[problemMedia]; ok {
				media.Schema = named("Problem")
			}
		}
	})
	s.finishSchemas()
	if s.document, err = json.Marshal(doc); err != nil {
		return err
	}
	s.docs, err = renderDocs(doc)
	return err
}

// finishSchemas drops huma's own error and lets answers grow: only what is
// sent to us is closed.
func (s *server) finishSchemas() {
	doc := s.huma.OpenAPI()
	all := doc.Components.Schemas.Map()
	delete(all, "ErrorModel")
	delete(all, "ErrorDetail")
	sent := map[*huma.Schema]bool{}
	operations(doc, func(op *huma.Operation) {
		if op.RequestBody != nil {
			for _, media := range op.RequestBody.Content {
				reach(all, media.Schema, sent)
			}
		}
	})
	for name, one := range all {
		if !sent[one] {
			one.AdditionalProperties = nil
			listsAreThere(one, name != contactSchema)
		}
	}
	all["AccountRequest"].Required = []string{"crm", "auth"}
}

// listsAreThere says of an answer's lists that they are never null; those of a
// normalized contact can be.
func listsAreThere(one *huma.Schema, there bool) {
	for _, property := range one.Properties {
		if property.Type == huma.TypeArray {
			property.Nullable = !there
		}
	}
}

// reach marks the schemas that a schema is made of.
func reach(all map[string]*huma.Schema, from *huma.Schema, marked map[*huma.Schema]bool) {
	if from == nil || marked[from] {
		return
	}
	marked[from] = true
	reach(all, all[refName(from)], marked)
	reach(all, from.Items, marked)
	for _, property := range from.Properties {
		reach(all, property, marked)
	}
}

// operations visits every operation of a document.
func operations(doc *huma.OpenAPI, visit func(*huma.Operation)) {
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				visit(op)
			}
		}
	}
}
