package pipeliner

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
)

// entity is what belongs to a contact: an object in a create, an address in
// answers, and an object again where a read expands it.
type entity[T any] struct{ of T }

func (e entity[T]) MarshalJSON() ([]byte, error) { return json.Marshal(e.of) }

func (e *entity[T]) UnmarshalJSON(raw []byte) error {
	if raw[0] != '{' {
		return nil
	}
	return json.Unmarshal(raw, &e.of)
}

type relation struct {
	ContactID string `json:"contact_id,omitempty"`
	AccountID string `json:"account_id"`
	IsPrimary bool   `json:"is_primary"`
	Position  string `json:"position,omitempty"`
}

type tagLink struct {
	ContactID string `json:"contact_id,omitempty"`
	TagID     string `json:"tag_id,omitempty"`
	Tag       *struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"tag,omitempty"` // in a read
}

// sites are web addresses by the names of networks, "linkedin_url", beside
// other members of the entity.
type sites map[string]any

func relations(c *connector.Call) []entity[relation] {
	if id := shape.RefID(c.Input.Account, contact.Account, nil); id != "" {
		return []entity[relation]{{relation{AccountID: id, IsPrimary: true}}}
	}
	return nil
}

// placedTag is a tag with its id, and its path in the contact.
type placedTag struct {
	contact.Tag
	path string
}

// tagged are the tags of the contact that have ids, each once; the others are
// reported.
func tagged(c *connector.Call, warn shape.Warn) []placedTag {
	var list []placedTag
	for i, t := range c.Input.Tags {
		t.ID = tagID(c, t)
		switch {
		case t.ID == "" && warn != nil:
			warn(shape.At(contact.Tags, i), shape.Unresolved, "the space has no tag of that name, and none could be made")
		case t.ID != "" && !slices.ContainsFunc(list, func(other placedTag) bool { return other.ID == t.ID }):
			list = append(list, placedTag{t, shape.At(contact.Tags, i)})
		}
	}
	return list
}

func tagLinks(list []placedTag) []entity[tagLink] {
	return shape.Each(list, func(t placedTag) entity[tagLink] { return entity[tagLink]{tagLink{TagID: t.ID}} })
}

func bareTags(list []placedTag) []contact.Tag {
	return shape.Each(list, func(t placedTag) contact.Tag { return t.Tag })
}

// tagList are the tags of a read, which alone names them.
func tagList(links []entity[tagLink]) []contact.Tag {
	var list []contact.Tag
	for _, l := range links {
		if l.of.Tag != nil {
			list = append(list, contact.Tag{ID: l.of.Tag.ID, Name: l.of.Tag.Name})
		}
	}
	return list
}

// socialMedia has one address of each network; others are reported.
func socialMedia(c *connector.Call, warn shape.Warn) *entity[sites] {
	urls := sites{}
	for i, u := range c.Input.URLs {
		member := network(u) + "_url"
		if _, taken := urls[member]; taken || member == "_url" {
			if warn != nil {
				warn(shape.At(contact.URLs, i), shape.NoRoom, "Pipeliner has room for one address of each social network, and for no other sites")
			}
			continue
		}
		urls[member] = u.URL
	}
	if len(urls) == 0 {
		return nil
	}
	return &entity[sites]{urls}
}

// network is Pipeliner's name of the network of a web address; "" for others.
func network(u contact.URL) string {
	name := shape.Network(u)
	switch name {
	case "googleplus":
		return "google_plus"
	case "angellist", "facebook", "flickr", "foursquare", "gravatar", "klout", "linkedin", "pinterest", "quora", "twitter", "xing", "youtube":
		return name
	case "":
		return lesserNetwork(u)
	default:
		return ""
	}
}

// lesserNetwork knows those networks that few CRMs do.
func lesserNetwork(u contact.URL) string {
	parsed, err := url.Parse(shape.Absolute(strings.ToLower(u.URL)))
	if err != nil {
		return ""
	}
	for _, domain := range []string{
		"crunchbase.com", "disqus.com", "reddit.com", "skype.com", "slideshare.net", "vimeo.com", "wordpress.com", "yahoo.com", "yelp.com",
	} {
		name, _, _ := strings.Cut(domain, ".")
		if host := parsed.Hostname(); host == domain || strings.HasSuffix(host, "."+domain) || strings.EqualFold(u.Type, name) {
			return name
		}
	}
	return ""
}

// urlList are the web addresses of a read.
func urlList(social *entity[sites]) []contact.URL {
	if social == nil {
		return nil
	}
	var list []contact.URL
	for _, member := range slices.Sorted(maps.Keys(social.of)) {
		name, isURL := strings.CutSuffix(member, "_url")
		address, _ := social.of[member].(string)
		if isURL && address != "" {
			list = append(list, contact.URL{URL: address, Type: strings.ReplaceAll(name, "_", "")})
		}
	}
	return list
}
