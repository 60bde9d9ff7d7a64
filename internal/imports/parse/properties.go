package parse

import (
	"github.com/emersion/go-vcard"

	"crmferry/internal/contact"
)

// meaning is what a vCard property is to a contact: field is where read puts
// it; keep marks facts about the person that have no field.
type meaning struct {
	field string
	read  func(*person, *vcard.Field)
	keep  bool
}

var (
	placeless = meaning{}
	personal  = meaning{keep: true}
	unheard   = meaning{keep: true}
	referred  = meaning{field: clientRef, read: (*person).uid}
)

// properties holds the properties of RFC 2426 and RFC 6350, and those that
// address books have added.
var properties = map[string]meaning{
	"N":               {field: "first_name, last_name", read: (*person).n},
	"FN":              {field: "name", read: (*person).fn},
	"EMAIL":           {field: "email_addresses", read: (*person).email},
	"TEL":             {field: "phone_numbers", read: (*person).tel},
	"ADR":             {field: "addresses", read: (*person).adr},
	"ORG":             {field: "account", read: (*person).org},
	"TITLE":           {field: "title", read: (*person).title},
	"URL":             {field: "urls", read: (*person).url},
	"X-SOCIALPROFILE": {field: "urls", read: (*person).profile},
	"NOTE":            {field: "description", read: (*person).note},
	"CATEGORIES":      {field: "tags", read: (*person).categories},

	"BDAY": personal, "ANNIVERSARY": personal, "NICKNAME": personal, "GENDER": personal, "ROLE": personal,
	"IMPP": personal, "RELATED": personal, "LANG": personal, "TZ": personal, "GEO": personal, "LABEL": personal,
	"X-PHONETIC-FIRST-NAME": personal, "X-PHONETIC-LAST-NAME": personal, "X-PHONETIC-ORG": personal,
	"X-MAIDENNAME": personal, "X-ABDATE": personal, "X-ABRELATEDNAMES": personal, "X-ANDROID-CUSTOM": personal,
	"X-AIM": personal, "X-MSN": personal, "X-YAHOO": personal, "X-JABBER": personal, "X-SKYPE": personal,
	"X-SKYPE-USERNAME": personal, "X-GOOGLE-TALK": personal, "X-ICQ": personal, "X-QQ": personal, "X-SIP": personal,
	"X-SPOUSE": personal, "X-MANAGER": personal, "X-ASSISTANT": personal, "X-ANNIVERSARY": personal,
	"X-EVOLUTION-SPOUSE": personal, "X-EVOLUTION-MANAGER": personal, "X-EVOLUTION-ASSISTANT": personal,

	"VERSION": placeless, "PRODID": placeless, "REV": placeless, "UID": placeless, "KIND": placeless, "MEMBER": placeless,
	"PHOTO": placeless, "LOGO": placeless, "SOUND": placeless, "KEY": placeless, "SOURCE": placeless, "XML": placeless,
	"CLIENTPIDMAP": placeless, "FBURL": placeless, "CALURI": placeless, "CALADRURI": placeless, "CLASS": placeless,
	"MAILER": placeless, "AGENT": placeless, "SORT-STRING": placeless, "NAME": placeless, "PROFILE": placeless,
	"X-ABLABEL": placeless, "X-ABADR": placeless, "X-ABUID": placeless, "X-ABSHOWAS": placeless, "X-ABORDER": placeless,
	"X-IMAGETYPE": placeless, "X-IMAGEHASH": placeless, "X-SHARED-PHOTO-DISPLAY-PREF": placeless,
	"X-ADDRESSING-GRAMMAR": placeless, "X-ADDRESSBOOKSERVER-KIND": placeless, "X-ADDRESSBOOKSERVER-MEMBER": placeless,
	"X-EVOLUTION-FILE-AS": placeless, "X-FILE-AS": placeless,
}

// maxSeen bounds the properties that a mapping lists: a hostile file has a new
// one in every card.
const maxSeen = 200

// seen collects the properties of all cards read so far.
type seen struct {
	byName map[string]bool
	all    []MappedColumn
}

func (s *seen) add(name string, what meaning, unknown contact.UnknownFields) {
	if s.byName[name] || len(s.all) == maxSeen {
		return
	}
	if s.byName == nil {
		s.byName = map[string]bool{}
	}
	s.byName[name] = true
	_, known := properties[name]
	m := MappedColumn{Header: name, Field: what.field, Status: Ignored, By: "vcard", Note: noteUseless}
	switch {
	case what.read != nil:
		m.Status, m.Note = Mapped, ""
	case what.keep && unknown == contact.UnknownCustomField:
		m.Status, m.Note, m.Field = CustomField, "", place{field: customField, part: name}.String()
	case !known:
		m.Status, m.By, m.Note = Unknown, "", ""
	case what.keep:
		m.Note = noteNoPlace
	}
	s.all = append(s.all, m)
}

func (s *seen) list() []MappedColumn { return append([]MappedColumn(nil), s.all...) }
