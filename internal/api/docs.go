package api

import (
	"bytes"
	_ "embed" // the page's template
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html
var docsTemplate string

// docsPage is the OpenAPI document as the template wants it.
type docsPage struct {
	Info     *huma.Info
	Groups   []docsGroup
	Schemas  []docsSchema
	Problems []problemType
}

type docsGroup struct {
	Tag        *huma.Tag
	Operations []docsOperation
}

type docsOperation struct {
	*huma.Operation
	Answers []docsAnswer
}

type docsAnswer struct {
	Status string
	*huma.Response
}

type docsSchema struct {
	Name string
	*huma.Schema
	Members []docsMember
}

type docsMember struct {
	Name     string
	Required bool
	*huma.Schema
}

// renderDocs makes one page of a document, complete in itself.
func renderDocs(doc *huma.OpenAPI) ([]byte, error) {
	page, err := template.New("docs").Funcs(template.FuncMap{
		"anchor": anchor, "type": typeText, "schemaOf": refName,
		"keys":    func(m map[string]*huma.MediaType) []string { return slices.Sorted(maps.Keys(m)) },
		"headers": func(m map[string]*huma.Header) []string { return slices.Sorted(maps.Keys(m)) },
		"scope":   scopeText,
	}).Parse(docsTemplate)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, docsPage{Info: doc.Info, Groups: groupsOf(doc), Schemas: schemasOf(doc), Problems: problemTypes()})
	return b.Bytes(), err
}

func groupsOf(doc *huma.OpenAPI) []docsGroup {
	groups := make([]docsGroup, len(doc.Tags))
	for i, tag := range doc.Tags {
		groups[i].Tag = tag
		operations(doc, func(op *huma.Operation) {
			if slices.Contains(op.Tags, tag.Name) {
				groups[i].Operations = append(groups[i].Operations, docsOperation{op, answersOf(op)})
			}
		})
		slices.SortFunc(groups[i].Operations, func(a, b docsOperation) int {
			return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
		})
	}
	return groups
}

func answersOf(op *huma.Operation) []docsAnswer {
	var out []docsAnswer
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		out = append(out, docsAnswer{status, op.Responses[status]})
	}
	return out
}

func schemasOf(doc *huma.OpenAPI) []docsSchema {
	all := doc.Components.Schemas.Map()
	out := make([]docsSchema, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		one := docsSchema{Name: name, Schema: all[name]}
		for _, member := range slices.Sorted(maps.Keys(one.Properties)) {
			one.Members = append(one.Members, docsMember{member, slices.Contains(one.Required, member), one.Properties[member]})
		}
		out = append(out, one)
	}
	return out
}

// anchor makes an id of a name.
func anchor(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if plain(r) {
			return r
		}
		return '-'
	}, name), "-")
}

// refName is the schema that a reference, or a list of references, names.
func refName(s *huma.Schema) string {
	for s != nil && s.Items != nil {
		s = s.Items
	}
	if s == nil {
		return ""
	}
	return strings.TrimPrefix(s.Ref, schemaPrefix)
}

// typeText is a schema's type in words.
func typeText(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return refName(s)
	case s.Type == huma.TypeArray:
		return "list of " + typeText(s.Items)
	case len(s.AnyOf) > 0:
		var names []string
		for _, one := range s.AnyOf {
			names = append(names, typeText(one))
		}
		return strings.Join(names, " or ")
	case s.Format != "" && s.Format != "int64" && s.Format != "double":
		return s.Type + ", " + s.Format
	case s.Type == "":
		return "any"
	default:
		return s.Type
	}
}

func scopeText(op docsOperation) string {
	for _, security := range op.Security {
		if scopes, ok := security[securityScheme]; ok && len(scopes) > 0 {
			return "scope " + strings.Join(scopes, ", ")
		} else if ok {
			return "any token"
		}
	}
	return "no token"
}
