package teamleader

import (
	"regexp"
	"slices"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

const (
	definitions = "definitions"
	areas       = "areas"
)

type page struct {
	Size   int `json:"size"`
	Number int `json:"number"`
}

func needsDefinitions(c *connector.Call) []string {
	if len(c.Input.CustomFields) == 0 {
		return nil
	}
	return []string{""}
}

func askDefinitions(*connector.Call, string) (connector.Request, error) {
	return action("/customFieldDefinitions.list", map[string]any{
		"filter": map[string]string{"context": "contact"}, "page": page{Size: 100, Number: 1},
	})
}

// learnDefinitions reads the custom fields of contacts:
// https://developer.focus.teamleader.eu/docs/api/custom-field-definitions-list
func learnDefinitions(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		Data []struct {
			ID    string `json:"id"`
			Type  string `json:"type"`
			Label string `json:"label"`
		} `json:"data"`
	}](r)
	var all []shape.Definition
	for _, d := range answer.Data {
		all = append(all, shape.Definition{Key: d.ID, Label: d.Label, Kind: kindOf(d.Type)})
	}
	return all, err
}

// kindOf is the form in which a type's values are written.
func kindOf(kind string) shape.Kind {
	switch kind {
	case "integer", "number", "money":
		return shape.KindNumber
	case "boolean":
		return shape.KindBoolean
	case "date":
		return shape.KindDay
	case "multi_select":
		return shape.KindChoices
	case "company", "contact", "product", "user":
		return ""
	default:
		return shape.KindText
	}
}

func known(c *connector.Call) []shape.Definition {
	return connector.Prepared[[]shape.Definition](c, definitions, "")
}

// isID says whether a name is an id of Teamleader's.
func isID(name string) bool {
	return regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`).MatchString(name)
}

// area is a state or province.
type area struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// needsAreas lists the countries of addresses with a state.
func needsAreas(c *connector.Call) []string {
	var codes []string
	for _, a := range c.Input.Addresses {
		if code, ok := contact.CountryAlpha2(a.Country); ok && a.State != "" && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

func askAreas(_ *connector.Call, country string) (connector.Request, error) {
	return action("/levelTwoAreas.list", map[string]string{"country": country})
}

// https://developer.focus.teamleader.eu/docs/api/level-two-areas-list
func learnAreas(_ *connector.Call, _ string, r connector.Reply) (any, error) {
	answer, err := connector.DecodeJSON[struct {
		Data []area `json:"data"`
	}](r)
	return answer.Data, err
}

// areaOf finds a state by its name or id.
func areaOf(c *connector.Call, country, state string) area {
	for _, a := range connector.Prepared[[]area](c, areas, country) {
		if a.ID == state || contact.SameText(a.Name, state) {
			return a
		}
	}
	return area{}
}
